DROP TABLE audit_seals, audit_unsealed, audit, feedback, idempotency, receipts, tracking_links, outbox, escalations, clocks,
    events, attachments, callbacks, call_contacts, call_events, calls, raw_messages, contact_reasons, contacts, incident_told, incident_cases, incident_closures, incident_updates, incidents, case_links, legal_holds, case_people, case_aliases, case_passes, case_access, kept_reports, stage_measures, day_measures, case_departures, case_measures, cases, identifiers,
    people, api_keys, second_factors, sessions, member_assistants, members, users, mailboxes, leases, settings, moves, terms, catalogue_versions;
DROP FUNCTION audit_waits, audit_is_kept, kept_report_stays;
