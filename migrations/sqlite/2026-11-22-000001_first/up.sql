-- The first schema. One text for both databases but for the column types; see ../README.md.

-- What the council configured, every version of it. The newest is in force.
CREATE TABLE catalogue_versions (
    version     bigint PRIMARY KEY,
    applied_at  bigint NOT NULL,
    applied_by  text NOT NULL,
    body        text NOT NULL
);

-- Standard and calendar as they stood when cases were opened under them, once per content.
CREATE TABLE terms (
    id          text PRIMARY KEY,
    body        text NOT NULL
);

-- Open cases to be put under the terms of a version, because somebody said so; done case by case,
-- in the order of their ids, until finished_at is set.
CREATE TABLE moves (
    version     bigint PRIMARY KEY REFERENCES catalogue_versions (version),
    asked_at    bigint NOT NULL,
    asked_by    text NOT NULL,
    -- The last case of those done.
    after_case  blob,
    -- Some could not be done: not before this instant again.
    retry_at    bigint,
    finished_at bigint
);

-- Small facts about this installation: its secrets, the demo's clock and sign-ins.
CREATE TABLE settings (
    key         text PRIMARY KEY,
    value       text NOT NULL
);

-- Who holds a task among replicas.
CREATE TABLE leases (
    name        text PRIMARY KEY,
    holder      text NOT NULL,
    until       bigint NOT NULL
);

-- The mailboxes that are read, and how far each has come.
CREATE TABLE mailboxes (
    name            text PRIMARY KEY,
    -- The settings of a worker name it.
    is_in_use       boolean NOT NULL,
    poll_seconds    bigint NOT NULL,
    -- What its mails were numbered under, and up to which of them all were taken.
    uid_validity    bigint,
    last_uid        bigint NOT NULL,
    -- Mails that were found there at the last look and could not be taken.
    n_left          bigint NOT NULL,
    begun_at        bigint NOT NULL,
    read_at         bigint,
    taken_at        bigint,
    failing_since   bigint,
    last_error      text
);

CREATE TABLE users (
    id              blob PRIMARY KEY,
    email           text NOT NULL UNIQUE,
    name            text NOT NULL,
    role            text NOT NULL,
    password_hash   text,
    queues          text NOT NULL,
    services        text NOT NULL,
    teams           text NOT NULL,
    post            text,
    is_active       boolean NOT NULL,
    created_at      bigint NOT NULL,
    -- Turns at queues that are not theirs otherwise, and the days on which they are away.
    rota            text NOT NULL,
    away            text,
    version         bigint NOT NULL
);

-- What an elected member's account has besides.
CREATE TABLE members (
    user_id         blob PRIMARY KEY REFERENCES users (id),
    ward            text,
    -- The last day on which they are a member.
    term_ends_on    text,
    -- When their open enquiries were shown to the team, once the term was over.
    left_at         bigint
);

-- Addresses that write for a member.
CREATE TABLE member_assistants (
    user_id         blob NOT NULL REFERENCES users (id),
    email           text NOT NULL,
    is_copied       boolean NOT NULL,
    PRIMARY KEY (user_id, email)
);
CREATE INDEX assistants_by_address ON member_assistants (email);

CREATE TABLE sessions (
    id              blob PRIMARY KEY,
    user_id         blob NOT NULL REFERENCES users (id),
    refresh_hash    text NOT NULL UNIQUE,
    -- Every session grown from one sign-in; a reused refresh token ends them all.
    family          blob NOT NULL,
    created_at      bigint NOT NULL,
    expires_at      bigint NOT NULL,
    is_spent        boolean NOT NULL,
    revoked_at      bigint
);
CREATE INDEX sessions_of_user ON sessions (user_id);
CREATE INDEX sessions_of_family ON sessions (family);

-- Codes beside the password. The secret is worked out from the salt and the installation's key.
CREATE TABLE second_factors (
    user_id         blob PRIMARY KEY REFERENCES users (id),
    salt            text NOT NULL,
    recovery        text NOT NULL,
    confirmed_at    bigint,
    last_step       bigint NOT NULL,
    n_wrong         bigint NOT NULL,
    wrong_since     bigint,
    version         bigint NOT NULL
);

-- Links by mail to sign in by, as hashes. Good once, for minutes.
CREATE TABLE sign_in_links (
    id              blob PRIMARY KEY,
    token_hash      text NOT NULL UNIQUE,
    user_id         blob NOT NULL REFERENCES users (id),
    expires_at      bigint NOT NULL,
    used_at         bigint
);
CREATE INDEX sign_in_links_of_user ON sign_in_links (user_id);
CREATE INDEX sign_in_links_by_end ON sign_in_links (expires_at);

-- Who somebody is at the council's identity provider. Never found by an e-mail address.
CREATE TABLE identities (
    issuer          text NOT NULL,
    subject         text NOT NULL,
    user_id         blob NOT NULL REFERENCES users (id),
    created_at      bigint NOT NULL,
    PRIMARY KEY (issuer, subject)
);
CREATE INDEX identities_of_user ON identities (user_id);

CREATE TABLE api_keys (
    id              blob PRIMARY KEY,
    name            text NOT NULL,
    prefix          text NOT NULL,
    hash            text NOT NULL UNIQUE,
    scopes          text NOT NULL,
    channels        text NOT NULL,
    queues          text NOT NULL,
    is_active       boolean NOT NULL,
    created_at      bigint NOT NULL,
    expires_at      bigint,
    last_used_at    bigint,
    -- The secret before the last rotation opens it until then.
    previous_hash   text UNIQUE,
    previous_until  bigint,
    version         bigint NOT NULL
);

-- Bodies that people act for: businesses, parish councils, community groups, partners.
CREATE TABLE organisations (
    id              blob PRIMARY KEY,
    name            text NOT NULL,
    kind            text NOT NULL,
    email           text,
    phone           text,
    address         text,
    created_at      bigint NOT NULL,
    updated_at      bigint NOT NULL,
    version         bigint NOT NULL
);

CREATE TABLE people (
    id              blob PRIMARY KEY,
    name            text,
    kind            text NOT NULL,
    email           text,
    phone           text,
    address         text,
    organisation    text,
    -- The body they act for, once somebody of ours has said so.
    organisation_id blob REFERENCES organisations (id),
    preferences     text NOT NULL,
    safe_contact    text,
    is_deceased     boolean NOT NULL,
    created_at      bigint NOT NULL,
    updated_at      bigint NOT NULL,
    version         bigint NOT NULL
);
CREATE INDEX people_of_organisation ON people (organisation_id) WHERE organisation_id IS NOT NULL;

-- The ways by which a person is found again, in the form they are compared in.
CREATE TABLE identifiers (
    kind            text NOT NULL,
    value           text NOT NULL,
    person_id       blob NOT NULL REFERENCES people (id),
    is_verified     boolean NOT NULL,
    is_bouncing     boolean NOT NULL,
    PRIMARY KEY (kind, value, person_id)
);
CREATE INDEX identifiers_of_person ON identifiers (person_id);

-- Two records that are one person, because somebody said so. Nothing is moved: what was said to
-- either stays with it, so that undoing it leaves both as they would have been.
CREATE TABLE person_merges (
    id              blob PRIMARY KEY,
    from_person     blob NOT NULL REFERENCES people (id),
    into_person     blob NOT NULL REFERENCES people (id),
    reason          text NOT NULL,
    merged_at       bigint NOT NULL,
    merged_by       text NOT NULL,
    undone_at       bigint,
    undone_by       text
);
CREATE UNIQUE INDEX merges_in_force ON person_merges (from_person) WHERE undone_at IS NULL;
CREATE INDEX merges_into ON person_merges (into_person) WHERE undone_at IS NULL;

-- Two records that look like one person and are two: not proposed again. The smaller id first.
CREATE TABLE people_apart (
    one             blob NOT NULL REFERENCES people (id),
    other           blob NOT NULL REFERENCES people (id),
    said_at         bigint NOT NULL,
    said_by         text NOT NULL,
    PRIMARY KEY (one, other)
);
CREATE INDEX apart_from ON people_apart (other);

-- What those who deal with somebody must know, why, who answers for it and until when.
CREATE TABLE markers (
    id              blob PRIMARY KEY,
    person_id       blob NOT NULL REFERENCES people (id),
    kind            text NOT NULL,
    purpose         text NOT NULL,
    instruction     text NOT NULL,
    owner           blob NOT NULL REFERENCES users (id),
    review_on       text NOT NULL,
    created_at      bigint NOT NULL,
    created_by      text NOT NULL,
    changed_at      bigint NOT NULL,
    ended_at        bigint,
    ended_by        text
);
CREATE INDEX markers_of_person ON markers (person_id) WHERE ended_at IS NULL;
CREATE INDEX markers_to_review ON markers (review_on, id) WHERE ended_at IS NULL;

CREATE TABLE cases (
    id                  blob PRIMARY KEY,
    reference           text NOT NULL UNIQUE,
    status              text NOT NULL,
    waiting_for         text,
    outcome             text,
    priority            text NOT NULL,
    procedure           text NOT NULL,
    service             text NOT NULL,
    category            text NOT NULL,
    queue               text NOT NULL,
    owner               blob REFERENCES users (id),
    subject             text NOT NULL,
    secrecy             text NOT NULL,
    restricted_to       text NOT NULL,
    about               text,
    channel             text NOT NULL,
    received_at         bigint NOT NULL,
    opened_at           bigint NOT NULL,
    updated_at          bigint NOT NULL,
    closed_at           bigint,
    follow_up_until     text,
    reporter            blob REFERENCES people (id),
    requester_kind      text NOT NULL,
    danger              text,
    danger_since        bigint,
    -- Somebody was rung about the danger, and it was recorded.
    is_rung             boolean NOT NULL,
    is_claimed          boolean NOT NULL,
    stage               integer NOT NULL,
    facts               text NOT NULL,
    terms               text NOT NULL REFERENCES terms (id),
    routing             text NOT NULL,
    location            text,
    -- The place taken apart, for the look whether somebody has reported it already.
    place_uprn          text,
    place_words         text,
    place_lat           double precision,
    place_long          double precision,
    -- Where it is, as the catalogue's look-up said when it came in or its place was put right.
    ward                text,
    fields              text NOT NULL,
    their_reference     text,
    n_chasers           integer NOT NULL,
    n_transfers         integer NOT NULL,
    -- Who has it in a team that works by e-mail, by name or else by the team's.
    taken_by            text,
    last_action         text,
    -- The two promises every list shows, copied from the clocks.
    acknowledge_by      bigint,
    acknowledge_on      text,
    respond_by          bigint,
    respond_on          text,
    respond_by_projected boolean NOT NULL,
    first_promised_on   text,
    -- The earliest running promise: what the list of work is sorted by. The far future when
    -- there is none, so that one index serves.
    due_at              bigint NOT NULL,
    -- 0 emergency, 1 everything else: the first key of "most at risk".
    risk                integer NOT NULL,
    is_closed           boolean NOT NULL,
    -- When the sweep must look at this case next; null when nothing is to come.
    wake_at             bigint,
    -- What a reader has seen: raised by whatever changes the case for its readers.
    version             bigint NOT NULL,
    -- Raised by every write: what concurrent writers are told apart by.
    revision            bigint NOT NULL
);
CREATE INDEX cases_to_wake ON cases (wake_at) WHERE wake_at IS NOT NULL;
CREATE INDEX cases_to_take ON cases (queue, risk, due_at, received_at, id) WHERE owner IS NULL AND is_closed = FALSE;
CREATE INDEX cases_by_queue ON cases (queue, is_closed, risk, due_at, id);
CREATE INDEX cases_by_owner ON cases (owner, is_closed, risk, due_at, id);
CREATE INDEX cases_by_due ON cases (is_closed, risk, due_at, id);
CREATE INDEX cases_by_received ON cases (received_at, id);
CREATE INDEX cases_by_updated ON cases (updated_at, id);
CREATE INDEX cases_of_person ON cases (reporter, received_at);
CREATE INDEX cases_by_ward ON cases (ward, received_at) WHERE ward IS NOT NULL;
CREATE INDEX cases_by_matter ON cases (service, category, received_at);
CREATE INDEX cases_at_property ON cases (place_uprn, service, category, received_at) WHERE place_uprn IS NOT NULL AND is_closed = FALSE;
CREATE INDEX cases_at_words ON cases (place_words, service, category, received_at) WHERE place_words IS NOT NULL AND is_closed = FALSE;
CREATE INDEX cases_at_point ON cases (service, category, place_lat, place_long) WHERE place_lat IS NOT NULL AND is_closed = FALSE;

-- What figures are made of: one narrow row for each case, written with it. Reports read these rows and
-- never a case. Empty where there is none: no ward, nobody over it.
CREATE TABLE case_measures (
    case_id         blob PRIMARY KEY REFERENCES cases (id),
    received_on     text NOT NULL,
    received_at     bigint NOT NULL,
    service         text NOT NULL,
    category        text NOT NULL,
    queue           text NOT NULL,
    team            text NOT NULL,
    procedure       text NOT NULL,
    channel         text NOT NULL,
    ward            text NOT NULL,
    -- The posts over it when it came to its service.
    head_of_service text NOT NULL,
    portfolio       text NOT NULL,
    is_restricted   boolean NOT NULL,
    is_closed       boolean NOT NULL,
    closed_at       bigint,
    due_at          bigint NOT NULL,
    -- What the person was promised first, and when it was kept.
    acknowledgement_promised_at bigint,
    acknowledged_at bigint,
    answer_promised_at bigint,
    answered_at     bigint,
    -- Working days to the answer: `12`, or `12/9` where it stood still for three of them.
    answered_in     text,
    n_reopened      integer NOT NULL,
    n_transfers     integer NOT NULL,
    n_chasers       integer NOT NULL,
    paused_seconds  bigint NOT NULL,
    n_scores        integer NOT NULL DEFAULT 0,
    score_sum       integer NOT NULL DEFAULT 0,
    -- One invitation to say how it went has arrived, as far as we know; what that person answered.
    n_invited       integer NOT NULL DEFAULT 0,
    n_survey_answers integer NOT NULL DEFAULT 0,
    survey_score_sum integer NOT NULL DEFAULT 0,
    n_satisfied     integer NOT NULL DEFAULT 0,
    n_contacts      integer NOT NULL DEFAULT 0,
    n_avoidable     integer NOT NULL DEFAULT 0,
    -- When it was last put right: words or a person taken away, joined to another case, placed anew,
    -- passed on, opened again, or an answer undone.
    corrected_at    bigint,
    -- What the day's sums say of this case is not what it is now.
    is_unrolled     boolean NOT NULL DEFAULT FALSE
);
CREATE INDEX measures_of_open ON case_measures (received_on) WHERE is_closed = FALSE;
CREATE INDEX measures_of_closed ON case_measures (received_on) WHERE is_closed = TRUE;
CREATE INDEX measures_to_roll ON case_measures (received_on) WHERE is_unrolled = TRUE;
CREATE INDEX measures_corrected ON case_measures (received_on) WHERE corrected_at IS NOT NULL;

-- Where a case stood in the figures until it was put elsewhere, or known to few only.
CREATE TABLE case_departures (
    id              blob PRIMARY KEY,
    case_id         blob NOT NULL REFERENCES cases (id),
    left_at         bigint NOT NULL,
    received_on     text NOT NULL,
    service         text NOT NULL,
    queue           text NOT NULL,
    procedure       text NOT NULL,
    portfolio       text NOT NULL,
    ward            text NOT NULL
);
CREATE INDEX departures_by_day ON case_departures (received_on);

-- The closed cases of a day in sums, never restricted ones: once by matter, once by channel and once by
-- ward. What a family does not tell apart is empty.
CREATE TABLE day_measures (
    family          text NOT NULL,
    received_on     text NOT NULL,
    service         text NOT NULL,
    category        text NOT NULL,
    queue           text NOT NULL,
    team            text NOT NULL,
    procedure       text NOT NULL,
    channel         text NOT NULL,
    ward            text NOT NULL,
    head_of_service text NOT NULL,
    portfolio       text NOT NULL,
    n_received      integer NOT NULL,
    n_acknowledge_of integer NOT NULL,
    n_acknowledged  integer NOT NULL,
    n_answer_of     integer NOT NULL,
    n_answered      integer NOT NULL,
    n_reopened      integer NOT NULL,
    n_transferred   integer NOT NULL,
    n_chased        integer NOT NULL,
    n_paused        integer NOT NULL,
    paused_seconds  bigint NOT NULL,
    n_scores        integer NOT NULL,
    score_sum       integer NOT NULL,
    n_invited       integer NOT NULL,
    n_survey_answers integer NOT NULL,
    survey_score_sum integer NOT NULL,
    n_satisfied     integer NOT NULL,
    n_contacts      integer NOT NULL,
    n_avoidable     integer NOT NULL,
    -- The working days of answers, each with how many took them: `3*20 12/9*1`.
    answered_in     text
);
CREATE INDEX measures_by_day ON day_measures (family, received_on);

-- What figures of complaints and requests for information are made of: a row for each stage a case has come
-- to, and one for the Ombudsman (stage 0). Written with the case, in nobody's words.
CREATE TABLE stage_measures (
    case_id         blob NOT NULL REFERENCES cases (id),
    stage           integer NOT NULL,
    standard        text NOT NULL,
    -- The one complained about, where that is known; else the case's own.
    service         text NOT NULL,
    -- The local date on which it reached us, or was asked to be looked at again.
    started_on      text NOT NULL,
    acknowledgement_promised_at bigint,
    acknowledged_at bigint,
    answer_promised_at bigint,
    answered_at     bigint,
    is_extended     boolean NOT NULL,
    went_on         boolean NOT NULL,
    decision        text,
    because         text,
    exemptions      text NOT NULL,
    remedies        text NOT NULL,
    lessons         text NOT NULL,
    PRIMARY KEY (case_id, stage)
);
CREATE INDEX stages_by_day ON stage_measures (started_on);

-- Figures of a period as they stood when somebody, or a schedule, asked for them. Only added to: `body` is
-- answered byte for byte as it was written.
CREATE TABLE kept_reports (
    id              blob PRIMARY KEY,
    kind            text NOT NULL,
    -- A post's slug or a partner's name; empty for the whole council.
    scope           text NOT NULL,
    from_on         text NOT NULL,
    to_on           text NOT NULL,
    title           text NOT NULL,
    made_at         bigint NOT NULL,
    made_by         text NOT NULL,
    -- The schedule that made it, once for each period; again only where a clock that ran ahead made it too soon.
    schedule        text,
    nth             integer NOT NULL,
    definitions_version text NOT NULL,
    -- Posts, queues, services and partners whose people may read it.
    readers         text NOT NULL,
    body            text NOT NULL,
    -- Of the body, in hexadecimal.
    sha256          text NOT NULL
);
CREATE UNIQUE INDEX kept_reports_of_schedule ON kept_reports (schedule, from_on, to_on, nth);
CREATE INDEX kept_reports_about ON kept_reports (kind, scope, from_on, to_on, made_at);
CREATE INDEX kept_reports_by_time ON kept_reports (made_at, id);

-- In whose name a restricted case opens: team:mash, user:<id>, post:<slug>.
CREATE TABLE case_access (
    case_id         blob NOT NULL REFERENCES cases (id),
    holder          text NOT NULL,
    PRIMARY KEY (case_id, holder)
);
CREATE INDEX access_of_holder ON case_access (holder);

-- A restricted case that somebody opened for themselves, for a time and with a reason. In case_access
-- it stands as pass:<id>.
CREATE TABLE case_passes (
    id              blob PRIMARY KEY,
    case_id         blob NOT NULL REFERENCES cases (id),
    user_id         blob NOT NULL REFERENCES users (id),
    reason          text NOT NULL,
    opened_at       bigint NOT NULL,
    until_at        bigint NOT NULL
);
CREATE INDEX passes_of_user ON case_passes (user_id, until_at);
CREATE INDEX passes_of_case ON case_passes (case_id);

CREATE TABLE case_aliases (
    alias           text PRIMARY KEY,
    case_id         blob NOT NULL REFERENCES cases (id)
);
CREATE INDEX aliases_of_case ON case_aliases (case_id);

CREATE TABLE case_people (
    case_id         blob NOT NULL REFERENCES cases (id),
    person_id       blob NOT NULL REFERENCES people (id),
    role            text NOT NULL,
    has_withdrawn   boolean NOT NULL,
    PRIMARY KEY (case_id, person_id)
);
CREATE INDEX cases_with_person ON case_people (person_id);

-- Cases that must be kept as they are: nothing is taken away or forgotten while one is here.
CREATE TABLE legal_holds (
    case_id         blob PRIMARY KEY REFERENCES cases (id),
    placed_at       bigint NOT NULL,
    placed_by       text NOT NULL
);

CREATE TABLE case_links (
    from_case       blob NOT NULL REFERENCES cases (id),
    to_case         blob NOT NULL REFERENCES cases (id),
    kind            text NOT NULL,
    PRIMARY KEY (from_case, to_case, kind)
);
CREATE INDEX links_to_case ON case_links (to_case);

-- Something that many people tell us of at once: a power cut, a missed round, a burst main. Its words
-- are for everybody.
CREATE TABLE incidents (
    id              blob PRIMARY KEY,
    title           text NOT NULL,
    title_cy        text,
    words           text NOT NULL,
    words_cy        text,
    -- Services, and categories of them.
    matters         text NOT NULL,
    area            text NOT NULL,
    since_at        bigint NOT NULL,
    expected_end_at bigint,
    state           text NOT NULL,
    opened_at       bigint NOT NULL,
    opened_by       text NOT NULL,
    ended_at        bigint,
    ended_by        text,
    -- When the worker must look at it next; null when there is nothing to tell or to close.
    wake_at         bigint,
    version         bigint NOT NULL
);
CREATE INDEX incidents_by_state ON incidents (state, id);
CREATE INDEX incidents_to_wake ON incidents (wake_at) WHERE wake_at IS NOT NULL;

-- One update to everybody whose case is on the incident.
CREATE TABLE incident_updates (
    id              blob PRIMARY KEY,
    incident_id     blob NOT NULL REFERENCES incidents (id),
    number          integer NOT NULL,
    text            text NOT NULL,
    text_cy         text,
    written_at      bigint NOT NULL,
    written_by      text NOT NULL,
    -- Until then it can be taken back.
    leaves_at       bigint NOT NULL,
    taken_back_at   bigint,
    taken_back_by   text,
    UNIQUE (incident_id, number)
);

-- One answer with which the cases on an incident are closed.
CREATE TABLE incident_closures (
    id              blob PRIMARY KEY,
    incident_id     blob NOT NULL REFERENCES incidents (id),
    number          integer NOT NULL,
    outcome         text NOT NULL,
    text            text,
    asked_at        bigint NOT NULL,
    asked_by        blob NOT NULL REFERENCES users (id),
    UNIQUE (incident_id, number)
);

-- The cases on an incident. Said by somebody, one by one or many at once, and never by itself.
CREATE TABLE incident_cases (
    incident_id     blob NOT NULL REFERENCES incidents (id),
    case_id         blob NOT NULL REFERENCES cases (id),
    attached_at     bigint NOT NULL,
    attached_by     text NOT NULL,
    -- Nobody is told before then: a wrong one can be taken off until then.
    tell_from       bigint NOT NULL,
    -- The number of the last update it was seen to for, and what came of it.
    seen_update     integer NOT NULL,
    told            text,
    -- The same of answers with which it was to be closed.
    seen_closure    integer NOT NULL,
    closed_as       text,
    -- It could not be seen to: not before this instant again.
    retry_at        bigint,
    PRIMARY KEY (incident_id, case_id)
);
CREATE INDEX incidents_of_case ON incident_cases (case_id);
CREATE INDEX incident_cases_to_tell ON incident_cases (incident_id, seen_update, case_id);

-- Who has heard an update: `person:<id>`, and `way:<hash>` for the address it went to, so that nobody
-- hears it twice, whatever cases and records are theirs.
CREATE TABLE incident_told (
    update_id       blob NOT NULL REFERENCES incident_updates (id),
    who             text NOT NULL,
    case_id         blob NOT NULL REFERENCES cases (id),
    -- None for an address.
    outcome         text,
    told_at         bigint NOT NULL,
    PRIMARY KEY (update_id, who)
);
CREATE INDEX incident_told_of_case ON incident_told (case_id);

CREATE TABLE contacts (
    id              blob PRIMARY KEY,
    case_id         blob REFERENCES cases (id),
    person_id       blob REFERENCES people (id),
    channel         text NOT NULL,
    direction       text NOT NULL,
    disposition     text NOT NULL,
    received_at     bigint NOT NULL,
    logged_at       bigint NOT NULL,
    counted_from_on text,
    subject         text NOT NULL,
    body            text NOT NULL,
    language        text,
    entered_by      text NOT NULL,
    source          text NOT NULL,
    external_id     text,
    fingerprint     text,
    mailbox         text,
    message_id      text,
    detail          text NOT NULL,
    -- Held and quarantined contacts have somebody who must look, and a limit.
    waits_for       text,
    limit_at        bigint,
    -- What a person made of one that waited; null while it waits. The disposition stays what it was.
    settled_at      bigint,
    settled_as      text,
    settled_by      text,
    settled_why     text,
    -- When the sweep must look at it next.
    wake_at         bigint,
    -- The case it was said on, where only few may know the words: those stand on a case of their own.
    said_on         blob REFERENCES cases (id),
    -- Since when a mail that waits is known to tell of danger.
    danger_since    bigint
);
CREATE INDEX contacts_said_on ON contacts (said_on, received_at) WHERE said_on IS NOT NULL;
CREATE INDEX contacts_to_wake ON contacts (wake_at, id) WHERE wake_at IS NOT NULL;
CREATE UNIQUE INDEX contacts_by_external_id ON contacts (source, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX contacts_of_case ON contacts (case_id, received_at);
CREATE INDEX contacts_of_person ON contacts (person_id, received_at);
CREATE INDEX contacts_by_enterer ON contacts (entered_by, case_id);
CREATE INDEX contacts_by_fingerprint ON contacts (fingerprint) WHERE fingerprint IS NOT NULL;
CREATE INDEX contacts_by_message_id ON contacts (message_id) WHERE message_id IS NOT NULL;
CREATE INDEX contacts_by_day ON contacts (logged_at, disposition);
CREATE INDEX contacts_by_channel ON contacts (channel, received_at);
CREATE INDEX contacts_that_waited ON contacts (logged_at, id) WHERE waits_for IS NOT NULL;

-- Why a contact was made, by a code of the catalogue. The contact itself never changes.
CREATE TABLE contact_reasons (
    contact_id      blob PRIMARY KEY REFERENCES contacts (id),
    reason          text NOT NULL,
    -- Nobody said so: it followed from what the contact does.
    is_found        boolean NOT NULL,
    -- As the catalogue said of the reason when it was given.
    is_avoidable    boolean NOT NULL,
    set_by          text NOT NULL,
    set_at          bigint NOT NULL
);

-- People who came to an access point: one row for each contact logged there, and the counts of the desks.
CREATE TABLE visits (
    id              blob PRIMARY KEY,
    access_point    text NOT NULL,
    visited_on      text NOT NULL,
    -- Fewer than none puts an earlier count right.
    n_people        integer NOT NULL,
    contact_id      blob UNIQUE REFERENCES contacts (id),
    noted_by        text NOT NULL,
    noted_at        bigint NOT NULL
);
CREATE INDEX visits_by_day ON visits (visited_on, access_point);

-- A raw message as it came in, kept whole.
CREATE TABLE raw_messages (
    fingerprint     text PRIMARY KEY,
    contact_id      blob NOT NULL REFERENCES contacts (id),
    bytes           blob NOT NULL
);

-- Files that came with contacts. Their bytes lie in a folder, once for each content, under their hash.
CREATE TABLE attachments (
    id              blob PRIMARY KEY,
    -- None until a contact names it, and then for good.
    contact_id      blob REFERENCES contacts (id),
    place           integer NOT NULL,
    uploaded_by     text NOT NULL,
    created_at      bigint NOT NULL,
    name            text NOT NULL,
    content_type    text NOT NULL,
    -- A picture within the text of a mail.
    is_inline       boolean NOT NULL,
    -- SHA-256 of the bytes; none while they stand in a raw message alone, and once they are gone.
    hash            text,
    size            bigint NOT NULL,
    scan            text NOT NULL,
    finding         text,
    -- Why it is given to nobody, whatever the scan says.
    withheld        text,
    -- When the worker must look at it next.
    wake_at         bigint,
    n_looks         integer NOT NULL
);
CREATE INDEX attachments_of_contact ON attachments (contact_id, place) WHERE contact_id IS NOT NULL;
CREATE INDEX attachments_by_hash ON attachments (hash) WHERE hash IS NOT NULL;
CREATE INDEX attachments_to_wake ON attachments (wake_at) WHERE wake_at IS NOT NULL;
CREATE INDEX attachments_unused ON attachments (created_at) WHERE contact_id IS NULL;

-- Telephone calls, by the phone system's own ids: each made anew of its events whenever one comes.
CREATE TABLE calls (
    id              text PRIMARY KEY,
    line            text,
    queue           text,
    number          text,
    agent           text,
    -- The earliest thing told of it; null while only a contact names it.
    began_at        bigint,
    answered_at     bigint,
    abandoned_at    bigint,
    ended_at        bigint,
    wrapped_at      bigint,
    first_position  integer,
    position        integer
);
CREATE INDEX calls_by_time ON calls (began_at, id) WHERE began_at IS NOT NULL;
CREATE INDEX calls_by_answer ON calls (queue, answered_at) WHERE answered_at IS NOT NULL;
CREATE INDEX calls_by_number ON calls (number) WHERE number IS NOT NULL;

-- What the phone system told. The same again is known by its fingerprint, which is not made of the
-- caller's number.
CREATE TABLE call_events (
    call_id         text NOT NULL REFERENCES calls (id),
    fingerprint     text NOT NULL,
    at              bigint NOT NULL,
    kind            text NOT NULL,
    position        integer,
    queue           text,
    line            text,
    agent           text,
    number          text,
    told_at         bigint NOT NULL,
    told_by         text NOT NULL,
    PRIMARY KEY (call_id, fingerprint)
);
CREATE INDEX call_events_by_number ON call_events (number) WHERE number IS NOT NULL;

-- What was logged of a call; also before anything is told of the call itself.
CREATE TABLE call_contacts (
    call_id         text NOT NULL REFERENCES calls (id),
    contact_id      blob NOT NULL REFERENCES contacts (id),
    PRIMARY KEY (call_id, contact_id)
);
CREATE INDEX calls_of_contact ON call_contacts (contact_id);

-- Calls back that somebody was promised. The promise itself is a clock of the case.
CREATE TABLE callbacks (
    id              blob PRIMARY KEY,
    case_id         blob NOT NULL REFERENCES cases (id),
    contact_id      blob NOT NULL UNIQUE REFERENCES contacts (id),
    clock           text NOT NULL,
    -- Of the call it was asked in.
    line            text,
    queue           text,
    asked_at        bigint NOT NULL,
    -- As it was told first.
    due_at          bigint NOT NULL,
    kept_at         bigint,
    n_tries         integer NOT NULL
);
CREATE INDEX callbacks_of_case ON callbacks (case_id);
CREATE INDEX callbacks_by_time ON callbacks (asked_at, id);

CREATE TABLE events (
    id              blob PRIMARY KEY,
    case_id         blob NOT NULL REFERENCES cases (id),
    at              bigint NOT NULL,
    kind            text NOT NULL,
    actor           text NOT NULL,
    is_public       boolean NOT NULL,
    detail          text NOT NULL
);
CREATE INDEX events_of_case ON events (case_id, id);
CREATE INDEX events_by_time ON events (at, id);

CREATE TABLE clocks (
    id              blob PRIMARY KEY,
    case_id         blob NOT NULL REFERENCES cases (id),
    name            text NOT NULL,
    place           integer NOT NULL,
    state           text NOT NULL,
    starts_at       bigint,
    counted_from_on text,
    due_on          text,
    due_at          bigint,
    first_due_on    text,
    met_at          bigint,
    -- What figures hold it against: the first instant that is late by what was told first.
    promised_at     bigint,
    ladder          text,
    UNIQUE (case_id, name)
);

CREATE TABLE escalations (
    id              blob PRIMARY KEY,
    case_id         blob REFERENCES cases (id),
    -- None for the steps of a place where work waits; `clock` names the place then.
    clock_id        blob REFERENCES clocks (id),
    -- The waiting mail it is about, when that is on no case.
    contact_id      blob REFERENCES contacts (id),
    clock           text NOT NULL,
    step            text NOT NULL,
    occurrence      integer NOT NULL,
    post            text NOT NULL,
    recipient       text NOT NULL,
    due_at          bigint NOT NULL,
    -- The promise it was about: a date that moves makes its steps new ones.
    promised_at     bigint NOT NULL,
    taken_at        bigint NOT NULL,
    state           text NOT NULL,
    -- Waiting for the recipient's next digest, or null.
    digest_after    bigint,
    -- What told the recipient, once it is written.
    notice_id       blob,
    UNIQUE (case_id, clock, step, occurrence, recipient, promised_at),
    UNIQUE (contact_id, clock, step, occurrence, recipient, promised_at)
);
CREATE INDEX escalations_of_case ON escalations (case_id, taken_at);
CREATE INDEX escalations_by_time ON escalations (taken_at, id);
CREATE INDEX escalations_of_notice ON escalations (notice_id) WHERE notice_id IS NOT NULL;
CREATE INDEX escalations_of_contact ON escalations (contact_id) WHERE contact_id IS NOT NULL;
CREATE INDEX escalations_to_digest ON escalations (digest_after) WHERE digest_after IS NOT NULL;

CREATE TABLE outbox (
    id              blob PRIMARY KEY,
    -- Doing it twice is doing it once.
    dedupe_key      text NOT NULL UNIQUE,
    kind            text NOT NULL,
    case_id         blob REFERENCES cases (id),
    person_id       blob REFERENCES people (id),
    transport       text NOT NULL,
    recipient       text NOT NULL,
    message_id      text NOT NULL,
    letter          text NOT NULL,
    headers         text NOT NULL,
    -- Which clock is met when this is accepted for delivery.
    meets           text,
    state           text NOT NULL,
    attempts        integer NOT NULL,
    created_at      bigint NOT NULL,
    next_attempt_at bigint,
    lease_until     bigint,
    -- Raised with every claim; a worker that lost its lease cannot record.
    fence           bigint NOT NULL,
    sent_at         bigint,
    last_error      text,
    -- It was accepted, and came back for good.
    bounced_at      bigint
);
CREATE INDEX outbox_to_send ON outbox (next_attempt_at) WHERE state = 'pending';
CREATE INDEX outbox_of_case ON outbox (case_id, created_at);
CREATE INDEX outbox_of_person ON outbox (person_id, state);
CREATE INDEX outbox_by_state ON outbox (state, created_at);
CREATE INDEX outbox_by_message_id ON outbox (message_id);
CREATE INDEX outbox_by_recipient ON outbox (recipient, created_at);

CREATE TABLE tracking_links (
    id              blob PRIMARY KEY,
    token_hash      text NOT NULL UNIQUE,
    -- What stands after the plus in our reply address.
    reply_token     text NOT NULL UNIQUE,
    case_id         blob NOT NULL REFERENCES cases (id),
    person_id       blob REFERENCES people (id),
    created_at      bigint NOT NULL,
    revoked_at      bigint
);
CREATE INDEX tracking_of_case ON tracking_links (case_id);

-- Links and reply addresses in mails to teams that work by e-mail, by their hashes.
CREATE TABLE inbox_links (
    token_hash      text PRIMARY KEY,
    notice_id       blob NOT NULL,
    case_id         blob NOT NULL REFERENCES cases (id),
    queue           text NOT NULL,
    act             text NOT NULL,
    expires_at      bigint NOT NULL,
    used_at         bigint
);
CREATE INDEX inbox_links_by_end ON inbox_links (expires_at);

-- What an agent keeps of a restricted case they logged.
CREATE TABLE receipts (
    case_id         blob NOT NULL REFERENCES cases (id),
    holder          text NOT NULL,
    reference       text NOT NULL,
    received_at     bigint NOT NULL,
    number_to_ring  text NOT NULL,
    PRIMARY KEY (case_id, holder)
);
CREATE INDEX receipts_of_holder ON receipts (holder, received_at);

CREATE TABLE idempotency (
    principal       text NOT NULL,
    method          text NOT NULL,
    path            text NOT NULL,
    key             text NOT NULL,
    fingerprint     text NOT NULL,
    status          integer NOT NULL,
    headers         text NOT NULL,
    body            blob NOT NULL,
    created_at      bigint NOT NULL,
    PRIMARY KEY (principal, method, path, key)
);
CREATE INDEX idempotency_by_age ON idempotency (created_at);

CREATE TABLE feedback (
    id              blob PRIMARY KEY,
    case_id         blob NOT NULL REFERENCES cases (id),
    link_id         blob NOT NULL UNIQUE REFERENCES tracking_links (id),
    score           integer NOT NULL,
    comment         text NOT NULL,
    at              bigint NOT NULL
);
CREATE INDEX feedback_of_case ON feedback (case_id);
CREATE INDEX feedback_by_time ON feedback (at, id);

CREATE TABLE audit (
    id              blob PRIMARY KEY,
    at              bigint NOT NULL,
    actor           text NOT NULL,
    action          text NOT NULL,
    object          text NOT NULL,
    purpose         text,
    request_id      text
);
CREATE INDEX audit_by_time ON audit (at, id);
CREATE INDEX audit_of_object ON audit (object, at);
CREATE INDEX audit_of_actor ON audit (actor, at);

-- Lines of the audit that no seal covers yet.
CREATE TABLE audit_unsealed (
    audit_id        blob PRIMARY KEY REFERENCES audit (id)
);

-- The chain over the audit: each hash covers the one before it and one line.
CREATE TABLE audit_seals (
    number          bigint PRIMARY KEY,
    audit_id        blob NOT NULL UNIQUE REFERENCES audit (id),
    hash            blob NOT NULL,
    sealed_at       bigint NOT NULL
);

-- From here on in this database's own words.

-- A line waits for its seal from the transaction that writes it.
CREATE TRIGGER audit_waits AFTER INSERT ON audit BEGIN
    INSERT INTO audit_unsealed (audit_id) VALUES (NEW.id);
END;
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN
    SELECT RAISE(ABORT, 'the audit is only added to');
END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN
    SELECT RAISE(ABORT, 'the audit is only added to');
END;
CREATE TRIGGER audit_seals_no_update BEFORE UPDATE ON audit_seals BEGIN
    SELECT RAISE(ABORT, 'the audit is only added to');
END;
CREATE TRIGGER audit_seals_no_delete BEFORE DELETE ON audit_seals BEGIN
    SELECT RAISE(ABORT, 'the audit is only added to');
END;

CREATE TRIGGER kept_reports_no_update BEFORE UPDATE ON kept_reports BEGIN
    SELECT RAISE(ABORT, 'a kept report never changes');
END;
CREATE TRIGGER kept_reports_no_delete BEFORE DELETE ON kept_reports BEGIN
    SELECT RAISE(ABORT, 'a kept report never changes');
END;
