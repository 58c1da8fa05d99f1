//! The tables as diesel sees them, in the order of the first migration.
//!
//! Written to match `migrations/`; `tests/migrations.rs` keeps the two equal on both databases.

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;
    catalogue_versions (version) {
        version -> BigInt,
        applied_at -> Ts,
        applied_by -> Text,
        body -> Js,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;
    terms (id) {
        id -> Text,
        body -> Js,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;
    moves (version) {
        version -> BigInt,
        asked_at -> Ts,
        asked_by -> Js,
        after_case -> Nullable<Uid>,
        retry_at -> Nullable<Ts>,
        finished_at -> Nullable<Ts>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;
    settings (key) {
        key -> Text,
        value -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;
    leases (name) {
        name -> Text,
        holder -> Text,
        until -> Ts,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;
    mailboxes (name) {
        name -> Text,
        is_in_use -> Bool,
        poll_seconds -> BigInt,
        uid_validity -> Nullable<BigInt>,
        last_uid -> BigInt,
        n_left -> BigInt,
        begun_at -> Ts,
        read_at -> Nullable<Ts>,
        taken_at -> Nullable<Ts>,
        failing_since -> Nullable<Ts>,
        last_error -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;
    users (id) {
        id -> Uid,
        email -> Text,
        name -> Text,
        role -> Text,
        password_hash -> Nullable<Text>,
        queues -> Js,
        services -> Js,
        teams -> Js,
        post -> Nullable<Text>,
        is_active -> Bool,
        created_at -> Ts,
        rota -> Js,
        away -> Nullable<Js>,
        version -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;
    members (user_id) {
        user_id -> Uid,
        ward -> Nullable<Text>,
        term_ends_on -> Nullable<Day>,
        left_at -> Nullable<Ts>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;
    member_assistants (user_id, email) {
        user_id -> Uid,
        email -> Text,
        is_copied -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;
    sessions (id) {
        id -> Uid,
        user_id -> Uid,
        refresh_hash -> Text,
        family -> Uid,
        created_at -> Ts,
        expires_at -> Ts,
        is_spent -> Bool,
        revoked_at -> Nullable<Ts>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;
    second_factors (user_id) {
        user_id -> Uid,
        salt -> Text,
        recovery -> Js,
        confirmed_at -> Nullable<Ts>,
        last_step -> BigInt,
        n_wrong -> BigInt,
        wrong_since -> Nullable<Ts>,
        version -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;
    sign_in_links (id) {
        id -> Uid,
        token_hash -> Text,
        user_id -> Uid,
        expires_at -> Ts,
        used_at -> Nullable<Ts>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;
    identities (issuer, subject) {
        issuer -> Text,
        subject -> Text,
        user_id -> Uid,
        created_at -> Ts,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;
    api_keys (id) {
        id -> Uid,
        name -> Text,
        prefix -> Text,
        hash -> Text,
        scopes -> Js,
        channels -> Js,
        queues -> Js,
        is_active -> Bool,
        created_at -> Ts,
        expires_at -> Nullable<Ts>,
        last_used_at -> Nullable<Ts>,
        previous_hash -> Nullable<Text>,
        previous_until -> Nullable<Ts>,
        version -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;
    organisations (id) {
        id -> Uid,
        name -> Text,
        kind -> Text,
        email -> Nullable<Text>,
        phone -> Nullable<Text>,
        address -> Nullable<Js>,
        created_at -> Ts,
        updated_at -> Ts,
        version -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;
    people (id) {
        id -> Uid,
        name -> Nullable<Text>,
        kind -> Text,
        email -> Nullable<Text>,
        phone -> Nullable<Text>,
        address -> Nullable<Js>,
        organisation -> Nullable<Text>,
        organisation_id -> Nullable<Uid>,
        preferences -> Js,
        safe_contact -> Nullable<Js>,
        is_deceased -> Bool,
        created_at -> Ts,
        updated_at -> Ts,
        version -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;
    identifiers (kind, value, person_id) {
        kind -> Text,
        value -> Text,
        person_id -> Uid,
        is_verified -> Bool,
        is_bouncing -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;
    person_merges (id) {
        id -> Uid,
        from_person -> Uid,
        into_person -> Uid,
        reason -> Text,
        merged_at -> Ts,
        merged_by -> Text,
        undone_at -> Nullable<Ts>,
        undone_by -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;
    people_apart (one, other) {
        one -> Uid,
        other -> Uid,
        said_at -> Ts,
        said_by -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;
    markers (id) {
        id -> Uid,
        person_id -> Uid,
        kind -> Text,
        purpose -> Text,
        instruction -> Text,
        owner -> Uid,
        review_on -> Day,
        created_at -> Ts,
        created_by -> Text,
        changed_at -> Ts,
        ended_at -> Nullable<Ts>,
        ended_by -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;
    cases (id) {
        id -> Uid,
        reference -> Text,
        status -> Text,
        waiting_for -> Nullable<Text>,
        outcome -> Nullable<Text>,
        priority -> Text,
        procedure -> Text,
        service -> Text,
        category -> Text,
        queue -> Text,
        owner -> Nullable<Uid>,
        subject -> Text,
        secrecy -> Text,
        restricted_to -> Js,
        about -> Nullable<Text>,
        channel -> Text,
        received_at -> Ts,
        opened_at -> Ts,
        updated_at -> Ts,
        closed_at -> Nullable<Ts>,
        follow_up_until -> Nullable<Day>,
        reporter -> Nullable<Uid>,
        requester_kind -> Text,
        danger -> Nullable<Text>,
        danger_since -> Nullable<Ts>,
        is_rung -> Bool,
        is_claimed -> Bool,
        stage -> Integer,
        facts -> Js,
        terms -> Text,
        routing -> Js,
        location -> Nullable<Js>,
        place_uprn -> Nullable<Text>,
        place_words -> Nullable<Text>,
        place_lat -> Nullable<Double>,
        place_long -> Nullable<Double>,
        ward -> Nullable<Text>,
        fields -> Js,
        their_reference -> Nullable<Text>,
        n_chasers -> Integer,
        n_transfers -> Integer,
        taken_by -> Nullable<Text>,
        last_action -> Nullable<Js>,
        acknowledge_by -> Nullable<Ts>,
        acknowledge_on -> Nullable<Day>,
        respond_by -> Nullable<Ts>,
        respond_on -> Nullable<Day>,
        respond_by_projected -> Bool,
        first_promised_on -> Nullable<Day>,
        due_at -> Ts,
        risk -> Integer,
        is_closed -> Bool,
        wake_at -> Nullable<Ts>,
        version -> BigInt,
        revision -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;
    case_measures (case_id) {
        case_id -> Uid,
        received_on -> Day,
        received_at -> Ts,
        service -> Text,
        category -> Text,
        queue -> Text,
        team -> Text,
        procedure -> Text,
        channel -> Text,
        ward -> Text,
        head_of_service -> Text,
        portfolio -> Text,
        is_restricted -> Bool,
        is_closed -> Bool,
        closed_at -> Nullable<Ts>,
        due_at -> Ts,
        acknowledgement_promised_at -> Nullable<Ts>,
        acknowledged_at -> Nullable<Ts>,
        answer_promised_at -> Nullable<Ts>,
        answered_at -> Nullable<Ts>,
        answered_in -> Nullable<Text>,
        n_reopened -> Integer,
        n_transfers -> Integer,
        n_chasers -> Integer,
        paused_seconds -> BigInt,
        n_scores -> Integer,
        score_sum -> Integer,
        n_invited -> Integer,
        n_survey_answers -> Integer,
        survey_score_sum -> Integer,
        n_satisfied -> Integer,
        n_contacts -> Integer,
        n_avoidable -> Integer,
        corrected_at -> Nullable<Ts>,
        is_unrolled -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;
    case_departures (id) {
        id -> Uid,
        case_id -> Uid,
        left_at -> Ts,
        received_on -> Day,
        service -> Text,
        queue -> Text,
        procedure -> Text,
        portfolio -> Text,
        ward -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;
    stage_measures (case_id, stage) {
        case_id -> Uid,
        stage -> Integer,
        standard -> Text,
        service -> Text,
        started_on -> Day,
        acknowledgement_promised_at -> Nullable<Ts>,
        acknowledged_at -> Nullable<Ts>,
        answer_promised_at -> Nullable<Ts>,
        answered_at -> Nullable<Ts>,
        is_extended -> Bool,
        went_on -> Bool,
        decision -> Nullable<Text>,
        because -> Nullable<Text>,
        exemptions -> Js,
        remedies -> Js,
        lessons -> Js,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;
    kept_reports (id) {
        id -> Uid,
        kind -> Text,
        scope -> Text,
        from_on -> Day,
        to_on -> Day,
        title -> Text,
        made_at -> Ts,
        made_by -> Text,
        schedule -> Nullable<Text>,
        nth -> Integer,
        definitions_version -> Text,
        readers -> Js,
        body -> Text,
        sha256 -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;
    case_access (case_id, holder) {
        case_id -> Uid,
        holder -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;
    case_passes (id) {
        id -> Uid,
        case_id -> Uid,
        user_id -> Uid,
        reason -> Text,
        opened_at -> Ts,
        until_at -> Ts,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;
    case_aliases (alias) {
        alias -> Text,
        case_id -> Uid,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;
    case_people (case_id, person_id) {
        case_id -> Uid,
        person_id -> Uid,
        role -> Text,
        has_withdrawn -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;
    legal_holds (case_id) {
        case_id -> Uid,
        placed_at -> Ts,
        placed_by -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;
    case_links (from_case, to_case, kind) {
        from_case -> Uid,
        to_case -> Uid,
        kind -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;
    incidents (id) {
        id -> Uid,
        title -> Text,
        title_cy -> Nullable<Text>,
        words -> Text,
        words_cy -> Nullable<Text>,
        matters -> Js,
        area -> Js,
        since_at -> Ts,
        expected_end_at -> Nullable<Ts>,
        state -> Text,
        opened_at -> Ts,
        opened_by -> Js,
        ended_at -> Nullable<Ts>,
        ended_by -> Nullable<Js>,
        wake_at -> Nullable<Ts>,
        version -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;
    incident_updates (id) {
        id -> Uid,
        incident_id -> Uid,
        number -> Integer,
        text -> Text,
        text_cy -> Nullable<Text>,
        written_at -> Ts,
        written_by -> Js,
        leaves_at -> Ts,
        taken_back_at -> Nullable<Ts>,
        taken_back_by -> Nullable<Js>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;
    incident_closures (id) {
        id -> Uid,
        incident_id -> Uid,
        number -> Integer,
        outcome -> Text,
        text -> Nullable<Text>,
        asked_at -> Ts,
        asked_by -> Uid,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;
    incident_cases (incident_id, case_id) {
        incident_id -> Uid,
        case_id -> Uid,
        attached_at -> Ts,
        attached_by -> Js,
        tell_from -> Ts,
        seen_update -> Integer,
        told -> Nullable<Text>,
        seen_closure -> Integer,
        closed_as -> Nullable<Text>,
        retry_at -> Nullable<Ts>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;
    incident_told (update_id, who) {
        update_id -> Uid,
        who -> Text,
        case_id -> Uid,
        outcome -> Nullable<Text>,
        told_at -> Ts,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;
    contacts (id) {
        id -> Uid,
        case_id -> Nullable<Uid>,
        person_id -> Nullable<Uid>,
        channel -> Text,
        direction -> Text,
        disposition -> Text,
        received_at -> Ts,
        logged_at -> Ts,
        counted_from_on -> Nullable<Day>,
        subject -> Text,
        body -> Text,
        language -> Nullable<Text>,
        entered_by -> Text,
        source -> Text,
        external_id -> Nullable<Text>,
        fingerprint -> Nullable<Text>,
        mailbox -> Nullable<Text>,
        message_id -> Nullable<Text>,
        detail -> Js,
        waits_for -> Nullable<Text>,
        limit_at -> Nullable<Ts>,
        settled_at -> Nullable<Ts>,
        settled_as -> Nullable<Text>,
        settled_by -> Nullable<Text>,
        settled_why -> Nullable<Text>,
        wake_at -> Nullable<Ts>,
        said_on -> Nullable<Uid>,
        danger_since -> Nullable<Ts>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;
    contact_reasons (contact_id) {
        contact_id -> Uid,
        reason -> Text,
        is_found -> Bool,
        is_avoidable -> Bool,
        set_by -> Text,
        set_at -> Ts,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;
    visits (id) {
        id -> Uid,
        access_point -> Text,
        visited_on -> Day,
        n_people -> Integer,
        contact_id -> Nullable<Uid>,
        noted_by -> Text,
        noted_at -> Ts,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;
    raw_messages (fingerprint) {
        fingerprint -> Text,
        contact_id -> Uid,
        bytes -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;
    attachments (id) {
        id -> Uid,
        contact_id -> Nullable<Uid>,
        place -> Integer,
        uploaded_by -> Text,
        created_at -> Ts,
        name -> Text,
        content_type -> Text,
        is_inline -> Bool,
        hash -> Nullable<Text>,
        size -> BigInt,
        scan -> Text,
        finding -> Nullable<Text>,
        withheld -> Nullable<Text>,
        wake_at -> Nullable<Ts>,
        n_looks -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;
    calls (id) {
        id -> Text,
        line -> Nullable<Text>,
        queue -> Nullable<Text>,
        number -> Nullable<Text>,
        agent -> Nullable<Text>,
        began_at -> Nullable<Ts>,
        answered_at -> Nullable<Ts>,
        abandoned_at -> Nullable<Ts>,
        ended_at -> Nullable<Ts>,
        wrapped_at -> Nullable<Ts>,
        first_position -> Nullable<Integer>,
        position -> Nullable<Integer>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;
    call_events (call_id, fingerprint) {
        call_id -> Text,
        fingerprint -> Text,
        at -> Ts,
        kind -> Text,
        position -> Nullable<Integer>,
        queue -> Nullable<Text>,
        line -> Nullable<Text>,
        agent -> Nullable<Text>,
        number -> Nullable<Text>,
        told_at -> Ts,
        told_by -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;
    call_contacts (call_id, contact_id) {
        call_id -> Text,
        contact_id -> Uid,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;
    callbacks (id) {
        id -> Uid,
        case_id -> Uid,
        contact_id -> Uid,
        clock -> Text,
        line -> Nullable<Text>,
        queue -> Nullable<Text>,
        asked_at -> Ts,
        due_at -> Ts,
        kept_at -> Nullable<Ts>,
        n_tries -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;
    events (id) {
        id -> Uid,
        case_id -> Uid,
        at -> Ts,
        kind -> Text,
        actor -> Js,
        is_public -> Bool,
        detail -> Js,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;
    clocks (id) {
        id -> Uid,
        case_id -> Uid,
        name -> Text,
        place -> Integer,
        state -> Text,
        starts_at -> Nullable<Ts>,
        counted_from_on -> Nullable<Day>,
        due_on -> Nullable<Day>,
        due_at -> Nullable<Ts>,
        first_due_on -> Nullable<Day>,
        met_at -> Nullable<Ts>,
        promised_at -> Nullable<Ts>,
        ladder -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;
    escalations (id) {
        id -> Uid,
        case_id -> Nullable<Uid>,
        clock_id -> Nullable<Uid>,
        contact_id -> Nullable<Uid>,
        clock -> Text,
        step -> Text,
        occurrence -> Integer,
        post -> Text,
        recipient -> Text,
        due_at -> Ts,
        promised_at -> Ts,
        taken_at -> Ts,
        state -> Text,
        digest_after -> Nullable<Ts>,
        notice_id -> Nullable<Uid>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;
    outbox (id) {
        id -> Uid,
        dedupe_key -> Text,
        kind -> Text,
        case_id -> Nullable<Uid>,
        person_id -> Nullable<Uid>,
        transport -> Text,
        recipient -> Text,
        message_id -> Text,
        letter -> Js,
        headers -> Js,
        meets -> Nullable<Text>,
        state -> Text,
        attempts -> Integer,
        created_at -> Ts,
        next_attempt_at -> Nullable<Ts>,
        lease_until -> Nullable<Ts>,
        fence -> BigInt,
        sent_at -> Nullable<Ts>,
        last_error -> Nullable<Text>,
        bounced_at -> Nullable<Ts>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;
    tracking_links (id) {
        id -> Uid,
        token_hash -> Text,
        reply_token -> Text,
        case_id -> Uid,
        person_id -> Nullable<Uid>,
        created_at -> Ts,
        revoked_at -> Nullable<Ts>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;
    inbox_links (token_hash) {
        token_hash -> Text,
        notice_id -> Uid,
        case_id -> Uid,
        queue -> Text,
        act -> Text,
        expires_at -> Ts,
        used_at -> Nullable<Ts>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;
    receipts (case_id, holder) {
        case_id -> Uid,
        holder -> Text,
        reference -> Text,
        received_at -> Ts,
        number_to_ring -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;
    idempotency (principal, method, path, key) {
        principal -> Text,
        method -> Text,
        path -> Text,
        key -> Text,
        fingerprint -> Text,
        status -> Integer,
        headers -> Js,
        body -> Binary,
        created_at -> Ts,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;
    feedback (id) {
        id -> Uid,
        case_id -> Uid,
        link_id -> Uid,
        score -> Integer,
        comment -> Text,
        at -> Ts,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;
    audit (id) {
        id -> Uid,
        at -> Ts,
        actor -> Text,
        action -> Text,
        object -> Text,
        purpose -> Nullable<Text>,
        request_id -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;
    audit_unsealed (audit_id) {
        audit_id -> Uid,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;
    audit_seals (number) {
        number -> BigInt,
        audit_id -> Uid,
        hash -> Binary,
        sealed_at -> Ts,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    catalogue_versions,
    terms,
    moves,
    settings,
    leases,
    mailboxes,
    users,
    members,
    member_assistants,
    sessions,
    sign_in_links,
    identities,
    api_keys,
    organisations,
    people,
    identifiers,
    person_merges,
    people_apart,
    markers,
    cases,
    case_measures,
    case_departures,
    stage_measures,
    kept_reports,
    case_access,
    case_passes,
    case_aliases,
    case_people,
    legal_holds,
    case_links,
    incidents,
    incident_updates,
    incident_closures,
    incident_cases,
    incident_told,
    contacts,
    contact_reasons,
    visits,
    raw_messages,
    attachments,
    calls,
    call_events,
    call_contacts,
    callbacks,
    events,
    clocks,
    escalations,
    outbox,
    tracking_links,
    inbox_links,
    receipts,
    idempotency,
    feedback,
    audit,
    audit_unsealed,
    audit_seals,
);
