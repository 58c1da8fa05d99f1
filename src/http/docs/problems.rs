//! What each code means and what to do about it.

/// Code and words.
pub(super) const ALL: &[(&str, &str)] = &[
    (
        "account_closed",
        "The identity provider vouches for you, and your account here was closed. Ask an administrator.",
    ),
    (
        "address_not_free",
        "The identity provider vouches for you, and somebody here has your e-mail address already. An administrator ties the account to you.",
    ),
    (
        "identity_taken",
        "This person of the identity provider is tied to an account already. Untie that one first.",
    ),
    (
        "no_account",
        "The identity provider vouches for you, and you have no account here yet. Ask an administrator.",
    ),
    (
        "no_provider",
        "No identity provider is set, so nobody can be tied to one.",
    ),
    (
        "no_role",
        "The identity provider vouches for you, and nothing you have there is a role here.",
    ),
    (
        "oidc_refused",
        "Signing in through the identity provider did not come to its end. Begin again.",
    ),
    (
        "provider_away",
        "The identity provider does not answer. Try again after Retry-After.",
    ),
    (
        "acting_user_unknown",
        "Reeve-Acting-User names nobody active, so nobody can be acted for.",
    ),
    (
        "already_extended",
        "The date has been moved as often as the standard allows.",
    ),
    ("already_held", "The case is under a legal hold already."),
    (
        "already_settled",
        "Somebody has let this mail through or dismissed it already. Read it to see what became of it.",
    ),
    ("already_paused", "The promise is paused already."),
    (
        "already_used",
        "The attachment belongs to another contact. Send the file again for this one.",
    ),
    (
        "ends_before_it_begins",
        "It would end before it began. Put one of the two instants right.",
    ),
    (
        "incident_ended",
        "The incident is over. Open another one if it has begun again.",
    ),
    (
        "incident_open",
        "The incident still goes on. End it before the cases on it are closed together.",
    ),
    (
        "not_for_incidents",
        "Cases known to a few people only, and members' enquiries, are put on no incident.",
    ),
    (
        "not_plain",
        "These words are for everybody: a sentence has more than 25 words, or a word nobody should read from us.",
    ),
    (
        "not_your_service",
        "An incident is run by a team leader or head of all the services it is about.",
    ),
    ("empty_file", "The file is empty."),
    (
        "infected",
        "Something harmful was found in the file. It is kept, and given to nobody.",
    ),
    (
        "not_scanned",
        "The file waits to be looked at for viruses, and is given to nobody until it was. Try again later.",
    ),
    (
        "not_stripped",
        "The file may tell where it was made, and that cannot be taken out of it, so it is not given out this way.",
    ),
    (
        "two_types",
        "The file reads as two kinds of file at once. Save it anew and send that.",
    ),
    (
        "type_mismatch",
        "By its contents the file is another kind than its name or its type says. Send it as what it is.",
    ),
    (
        "type_not_taken",
        "Files of this kind are not taken; the detail names those that are.",
    ),
    (
        "withheld",
        "The file was taken away, or is of a kind that is left in the mail it came with.",
    ),
    (
        "already_sent",
        "The reply has left already and cannot be taken back.",
    ),
    (
        "answers_nobody",
        "A substantive reply must go to somebody who is answered on the case.",
    ),
    (
        "bad_acting_user",
        "Reeve-Acting-User takes an id or an e-mail address.",
    ),
    (
        "bad_credentials",
        "Address and password do not belong together. Which of them is wrong is not told.",
    ),
    (
        "bad_cursor",
        "The cursor was changed, or belongs to another list. Begin again without one.",
    ),
    (
        "bad_format",
        "The value has not the form it needs: a date, an instant with its offset, an e-mail address, an id.",
    ),
    (
        "bad_idempotency_key",
        "An Idempotency-Key has 1 to 255 visible ASCII characters and is sent once.",
    ),
    (
        "bad_if_match",
        "If-Match takes the ETag as it was given, with its quotes.",
    ),
    (
        "bad_parameter",
        "Several query parameters cannot be read; errors names each.",
    ),
    (
        "beyond_cap",
        "The date can be moved, but not that far; the detail says how far.",
    ),
    ("body_too_slow", "The body took too long to arrive."),
    ("broken_body", "The body ended before it was complete."),
    ("busy", "Too much at once. Try again after Retry-After."),
    (
        "cannot_be_kept",
        "The check is kept on the case, and the case is not yours to see. Leave the check out.",
    ),
    (
        "cannot_write",
        "Nothing can be written at the moment, and nothing was taken. Try again later.",
    ),
    (
        "case_or_category",
        "A mail joins a case or opens one of a category, not both.",
    ),
    ("case_closed", "The case is closed. Reopen it first."),
    (
        "case_not_closed",
        "The case is not closed, so there is nothing to reopen.",
    ),
    (
        "case_open",
        "The person has a case that is still worked on. Close it first.",
    ),
    (
        "channel_not_allowed",
        "This key brings in contacts of other channels only; the detail names them.",
    ),
    (
        "clock_not_running",
        "The promise is met, ended or has not begun, so it cannot be moved or paused.",
    ),
    (
        "consent_on_another_day",
        "Consent cannot have been said on a day that is still to come.",
    ),
    (
        "consent_unclear",
        "Until consent is cleared, only a general reply may go to the member.",
    ),
    (
        "control_character",
        "The text holds characters that cannot stand there.",
    ),
    (
        "credential_in_query",
        "Keys and tokens belong into the Authorization header: addresses are kept in logs. Replace the one that was sent.",
    ),
    (
        "database_away",
        "The database does not answer. Try again after Retry-After.",
    ),
    (
        "date_already_passed",
        "The date had to be moved before it passed.",
    ),
    ("email_taken", "Somebody has an account with this address."),
    (
        "external_id_taken",
        "This external_id was used for another contact.",
    ),
    (
        "idempotency_key_reused",
        "The key was used for another request. Use a new key.",
    ),
    ("if_match_required", "Send If-Match with the ETag you read."),
    (
        "internal_fault",
        "Something went wrong on our side. Name the request id when you ask us.",
    ),
    (
        "invalid",
        "Several things in what was sent cannot be taken; errors names each.",
    ),
    (
        "itself",
        "A case cannot be merged into itself or linked to itself.",
    ),
    (
        "key_expired",
        "The key is over. Rotate it with another expires_at, or make a new one.",
    ),
    (
        "key_revoked",
        "The key was revoked for good. Make a new one.",
    ),
    (
        "legal_hold",
        "The case is under a legal hold, so nothing is taken away from it. Lift the hold first.",
    ),
    ("malformed_form", "The form cannot be read."),
    (
        "mail_is_readable",
        "The mail could be read, so it speaks in its sender's own words. Leave out subject, body and sender.",
    ),
    (
        "mail_leaving",
        "A mail to the person is just leaving. Try again in a minute.",
    ),
    (
        "malformed_json",
        "The body is not JSON, or JSON that two readers could read differently.",
    ),
    ("malformed_query", "The query string cannot be read."),
    (
        "method_not_allowed",
        "This address does not take this method; Allow names those it takes.",
    ),
    ("missing_field", "A field that is needed was left out."),
    (
        "no_answer_date",
        "The case has no answer date that could be moved.",
    ),
    (
        "no_such_stage",
        "The standard of this case has no such stage.",
    ),
    (
        "no_ward",
        "Your account names no ward, so there are no figures to show. An administrator can set it.",
    ),
    (
        "needs_administrator",
        "A member names addresses of the council alone. An administrator names any other, and checks whose it is.",
    ),
    (
        "not_allowed",
        "Only who works the case says that the council spoke to the person. Leave it out.",
    ),
    (
        "not_a_member",
        "Only an account of role councillor has a ward, an end of term and assistants.",
    ),
    (
        "not_a_members_enquiry",
        "Only a councillor's or MP's enquiry has a basis and consent.",
    ),
    (
        "not_about_staff",
        "Nobody of the council is named as whom the case is about, so there is nothing to undo.",
    ),
    (
        "not_a_working_day",
        "The new date must be a day that counts.",
    ),
    (
        "not_extendable",
        "The standard allows no later date for this promise.",
    ),
    (
        "not_found",
        "There is nothing here, or it is not yours to see.",
    ),
    ("not_held", "The case is not under a legal hold."),
    (
        "not_later",
        "The new date must be later than the one there is.",
    ),
    (
        "not_pausable",
        "The standard does not let this promise be paused.",
    ),
    ("not_paused", "There is no pause to end."),
    (
        "not_waiting",
        "The mail does not wait for anybody: only held and quarantined mail does.",
    ),
    (
        "not_with_kind",
        "Only a holding reply gives a new date: an answer needs none.",
    ),
    (
        "nothing_to_pause",
        "No promise that may be paused is running.",
    ),
    (
        "offset_missing",
        "An instant needs its offset: end it with Z or +01:00.",
    ),
    (
        "on_a_case",
        "The mail is on a case: take its words away there.",
    ),
    (
        "other_unit",
        "The extension must be in the unit of the promise.",
    ),
    (
        "other_ward",
        "A councillor sees the figures of their own ward.",
    ),
    (
        "not_with_this_outcome",
        "Only a case that is not_ours or referred names the other body it belongs to.",
    ),
    (
        "link_expired",
        "The link from a mail to a team's inbox is too old. Reply to the mail instead.",
    ),
    (
        "moved_on",
        "The case is not the team's any more, so the link in its mail does nothing.",
    ),
    (
        "day_too_late",
        "The date cannot be moved as far as this day. The detail names the latest.",
    ),
    (
        "day_not_later",
        "The day is not after the one that was given.",
    ),
    ("day_has_passed", "Give a day that is still to come."),
    (
        "no_working_day",
        "The day is no working day. Give one that is.",
    ),
    (
        "no_such_team",
        "The case cannot be passed to this team. Choose one of those that are offered.",
    ),
    (
        "no_such_body",
        "The catalogue knows no such organisation. Choose one of those that are offered.",
    ),
    (
        "out_of_range",
        "The number is smaller or larger than it may be, or the instant lies where it may not.",
    ),
    (
        "owned_by_somebody",
        "Somebody else has this case. Only a team leader may take it from them.",
    ),
    ("promise_in_the_past", "A promise must lie in the future."),
    ("reason_missing", "Say why: the person is told."),
    ("reason_needed", "This needs a reason."),
    ("received_in_future", "received_at lies ahead."),
    (
        "received_too_old",
        "received_at lies more than two years back.",
    ),
    (
        "recipient_unconfirmed",
        "An address is on nobody of the case. Look again; to send it there all the same, name it in confirmed_recipients.",
    ),
    (
        "recipient_unreachable",
        "Mail to this address comes back, or its holder has died.",
    ),
    (
        "reference_mistyped",
        "One character of the reference is mistyped. Check it against the letter or e-mail.",
    ),
    (
        "reopen_window_over",
        "The time to reopen this case is over. Open a new case and link it.",
    ),
    ("repeated_parameter", "A query parameter came twice."),
    (
        "repeats_the_text",
        "The reason stands in the place of the text, so it must not repeat it.",
    ),
    (
        "resume_too_late",
        "A pause may not last that long; the detail says how long.",
    ),
    (
        "resume_too_soon",
        "A pause lasts at least until the next day.",
    ),
    ("role_may_not", "Somebody with this role may not do this."),
    (
        "route_not_found",
        "There is no such address. The reference lists all there are.",
    ),
    (
        "same_officer",
        "The stage must be answered by somebody who did not answer the one before.",
    ),
    ("same_queue", "The case is in this queue already."),
    (
        "scope_missing",
        "The key lacks the scope, or this is not for keys.",
    ),
    (
        "sign_in_needed",
        "Send Authorization: Bearer with a token or key.",
    ),
    (
        "stale",
        "It has changed since you read it. Read it again and send the new If-Match.",
    ),
    ("taken", "Something with this name is there already."),
    (
        "text_not_found",
        "The text stands nowhere here. Copy it as it stands, or name the contact.",
    ),
    (
        "token_expired",
        "The access token is over. Refresh it or sign in again.",
    ),
    (
        "token_invalid",
        "The token or key is not valid, or no longer.",
    ),
    ("too_few", "There are fewer entries than are needed."),
    ("too_large", "The body is larger than it may be."),
    ("too_long", "The text is longer than it may be."),
    ("too_many", "There are more entries than there may be."),
    (
        "too_many_requests",
        "Too many. Try again after Retry-After; who waits that long is served.",
    ),
    ("too_short", "The text is shorter than it may be."),
    (
        "totp_not_begun",
        "There is no secret to confirm. Ask for one with POST /v1/me/totp.",
    ),
    (
        "totp_not_set_up",
        "The role needs an authenticator app, and none is set up: POST /v1/me/totp.",
    ),
    (
        "totp_required",
        "Address and password are right; the code of the authenticator app is asked for beside them.",
    ),
    (
        "totp_set_up_already",
        "Codes are set up already. An administrator can take them away.",
    ),
    (
        "unknown_clock",
        "The case has no promise of this name; the detail lists them.",
    ),
    (
        "unknown_event",
        "The standard of this case does not know this event.",
    ),
    (
        "unknown_field",
        "A field that is not named in the contract was sent.",
    ),
    (
        "unknown_parameter",
        "A query parameter this operation does not have was sent.",
    ),
    (
        "unknown_value",
        "The value is none of those that may stand there.",
    ),
    (
        "unsearchable",
        "The text is too short or too long to look for; the detail says which.",
    ),
    (
        "unsupported_media_type",
        "The body is of a type this operation does not read.",
    ),
    (
        "wrong_code",
        "The code is not the one the app shows now, or was used before.",
    ),
    ("wrong_type", "The value is of another type than is needed."),
    (
        "about_them",
        "It is about one of them or of their team, who never see it. Name somebody else.",
    ),
    (
        "access_already",
        "The case is open to you already, or is not restricted: no glass needs breaking.",
    ),
    (
        "answered_inside",
        "What is said on this case goes to whoever has the member's enquiry. Leave out `to` and `cc`.",
    ),
    ("before_received", "That is before the case was received."),
    (
        "cannot_work_it",
        "This user does not work cases like this one, or cannot stand in. Name somebody who does.",
    ),
    (
        "catalogue_fault",
        "The catalogue has a mistake; `pointer` names its place.",
    ),
    (
        "empty_message",
        "The message is empty: send its bytes as the body.",
    ),
    ("feedback_given", "A score was given by this link already."),
    ("in_future", "That has not come yet."),
    (
        "is_reporter",
        "This is the person who is answered. Put somebody else on the case as `reporter` first.",
    ),
    (
        "key_needed",
        "Send an Idempotency-Key, so that a form sent twice opens one case.",
    ),
    (
        "merge_would_reveal",
        "A restricted case cannot be merged into one that others may see.",
    ),
    (
        "merged",
        "This record is taken for one person with others. Undo the merge first.",
    ),
    (
        "merged_already",
        "One of the records is merged into another already. Name the one that stands for them, or undo that merge.",
    ),
    (
        "no_address",
        "There is no address to send this to. Tell the person another way and record that.",
    ),
    (
        "no_safe_way",
        "This person may be reached only in the ways they named. Tell them so, and log it as an outbound contact.",
    ),
    (
        "nobody_above",
        "There is no director who could look into this. Name the people who shall see it.",
    ),
    ("not_failed", "Only a notice that failed is sent again."),
    (
        "not_restricted",
        "Only a restricted case has people named on it.",
    ),
    (
        "not_to_write",
        "This notice is not a letter that waits to be written.",
    ),
    (
        "not_your_queue",
        "A team leader gives turns at their own queues, and leaves those at others as they are.",
    ),
    ("one_of", "Send exactly one of these members."),
    (
        "one_of_two",
        "Either it is opened to you for a time, or others are named. Send one after the other.",
    ),
    (
        "other_site",
        "This form came from another site, or from a page opened long ago. Open the page again.",
    ),
    (
        "own_address",
        "This is the member's own address. Name somebody who helps them.",
    ),
    (
        "pass_only",
        "You opened it for a time. Somebody who is named on it names you.",
    ),
    (
        "person_deceased",
        "This person has died, and nothing is sent to them. Write to whoever acts for them.",
    ),
    (
        "public_view_only",
        "You follow this case as the public does: its words, names and addresses are not yours to see.",
    ),
    (
        "review_out_of_bounds",
        "A marker is looked at again on a day to come, within the time its kind allows.",
    ),
    ("too_early", "That is before the notice was written."),
    ("user_needed", "Only somebody who signs in can take a case."),
];
