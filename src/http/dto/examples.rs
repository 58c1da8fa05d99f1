//! Examples of what is answered, as the published contract shows them. A test holds each against
//! the schema it illustrates.

use serde_json::{Value, json};

const CASE: &str = "019a9f5e-7c00-7000-8000-000000000001";

/// A case as lists and acts show it.
#[must_use]
pub fn case() -> Value {
    json!({
        "id": CASE, "reference": "4X7-K92-MQ3", "status": "open", "waiting_for": null, "outcome": null,
        "subject": "Missed bin", "priority": "normal", "secrecy": "ordinary",
        "procedure": "service_request", "stage": 1,
        "service": "waste-collection", "category": "missed-bin", "queue": "waste-ops", "ward": "larkfield",
        "owner": {"id": "019a9f5e-7c00-7000-8000-000000000002", "name": "Sam Officer"},
        "taken_by": null, "channel": "phone", "received_at": "2026-11-20T16:58:00Z",
        "acknowledge_by": "2026-11-23T17:00:00Z", "acknowledge_on": "2026-11-23",
        "respond_by": "2026-11-24T17:00:00Z", "respond_on": "2026-11-24", "respond_by_projected": false,
        "first_promised_on": "2026-11-24",
        "routing": {
            "rule": "category:missed-bin", "reason": "Its category was chosen.", "confidence": 1.0,
            "candidates": [{
                "service": "waste-collection", "category": "missed-bin", "confidence": 1.0, "why": "chosen",
            }],
        },
        "version": 3,
        "links": {
            "self": format!("/v1/cases/{CASE}"), "timeline": format!("/v1/cases/{CASE}/timeline"),
            "clocks": format!("/v1/cases/{CASE}/clocks"),
        },
    })
}

/// A case by itself.
#[must_use]
pub fn case_detail() -> Value {
    let more = json!({
        "requester_kind": "resident", "opened_at": "2026-11-20T16:59:00Z", "updated_at": "2026-11-20T17:05:00Z",
        "closed_at": null,
        "instructions": [{
            "kind": "staff_safety", "words": "Visit in pairs until Monday 1 March 2027",
            "person": "019a9f5e-7c00-7000-8000-000000000003", "review_on": "2027-03-01",
            "is_review_overdue": false, "owner": "Sam Officer",
        }],
        "people": [{
            "id": "019a9f5e-7c00-7000-8000-000000000003", "name": "Ada Example", "role": "reporter",
            "organisation": null, "has_withdrawn": false,
        }],
        "incidents": [],
        "related_cases": [{
            "id": "019a9f5e-7c00-7000-8000-000000000004", "reference": "8ZQ-1DW-TN6", "kind": "related",
            "service": "waste-collection", "procedure": "complaint", "status": "closed",
        }],
        "aliases": [], "their_reference": null,
        "location": {"description": "14 Larkfield Rise", "uprn": "100000000001"},
        "ward_name": "Larkfield",
        "ward_councillors": [{"name": "Cllr Parveen Lindqvist", "email": "cllr.parveen.lindqvist@council.example"}],
        "attachments": [], "fields": {"bin": "brown"}, "danger": null, "is_claimed": true, "chasers": 0,
        "transfers": 0, "follow_up_until": null,
        "waits": [{
            "place": "bounced", "since": "2026-11-20T17:02:00Z", "limit_at": "2026-11-23T17:00:00Z",
            "words": "We could not reach the person: our message came back on Friday 20 November 2026",
            "you_can": "ring them and record the call · write to them by post",
        }],
        "answers_for": {
            "head_of_service": {
                "title": "Head of Waste and Street Scene",
                "email": "head.of.waste.and.street.scene@council.example", "phone": "01632 960101",
            },
            "portfolio_holder": {
                "title": "Environment and Waste", "email": "portfolio.environment.and.waste@council.example",
                "phone": null,
            },
        },
        "member_enquiry": null,
        "owner_away_until_on": null,
        "identity_checked": "none", "is_under_legal_hold": false,
    });
    let mut whole = case();
    if let (Some(whole), Value::Object(more)) = (whole.as_object_mut(), more) {
        whole.extend(more);
    }
    whole
}

/// A line of a timeline.
#[must_use]
pub fn line() -> Value {
    json!({
        "id": "019a9f5e-7c00-7000-8000-000000000005", "at": "2026-11-20T17:05:00Z", "kind": "assigned",
        "actor": {"kind": "user", "id": "019a9f5e-7c00-7000-8000-000000000002", "name": "Sam Officer"},
        "public": true, "words": "An officer is looking at it.",
        "detail": {"from": null, "to": "019a9f5e-7c00-7000-8000-000000000002"},
    })
}

/// What an act on a case left.
#[must_use]
pub fn acted() -> Value {
    json!({"event": line(), "case": case(), "warnings": []})
}

/// A promise.
#[must_use]
pub fn clock() -> Value {
    json!({
        "name": "respond", "starts_at": "2026-11-20T16:58:00Z", "counted_from_on": "2026-11-20",
        "due_on": "2026-11-24", "due_at": "2026-11-24T17:00:00Z", "state": "running", "met_at": null,
        "missed_at": null, "first_due_on": "2026-11-24", "paused": [], "extended": null,
        "extended_max_on": "2026-12-08", "promise": null,
    })
}

/// Why a date is what it is.
#[must_use]
pub fn explanation() -> Value {
    json!({
        "name": "respond", "starts_at": "2026-11-20T16:58:00Z", "counted_from_on": "2026-11-20",
        "due_on": "2026-11-24", "due_at": "2026-11-24T17:00:00Z", "state": "running",
        "days": [
            {"on": "2026-11-21", "counted": false, "why": "Saturday"},
            {"on": "2026-11-22", "counted": false, "why": "Sunday"},
            {"on": "2026-11-23", "counted": true, "why": "working day 1"},
            {"on": "2026-11-24", "counted": true, "why": "working day 2"},
        ],
        "extended_max_on": "2026-12-08",
        "words": "We count from Friday 20 November 2026, the day it came in. Two working days end on Tuesday \
                  24 November 2026.",
    })
}

/// One thing said on a case.
#[must_use]
pub fn contact() -> Value {
    json!({
        "id": "019a9f5e-7c00-7000-8000-000000000006", "channel": "phone", "direction": "inbound",
        "disposition": "opened", "received_at": "2026-11-20T16:58:00Z", "logged_at": "2026-11-20T16:59:00Z",
        "counted_from_on": "2026-11-20", "subject": "Missed bin", "body": "The brown bin was left.",
        "language": "en", "person": {"id": "019a9f5e-7c00-7000-8000-000000000003", "name": "Ada Example"},
        "entered_by": "user:019a9f5e-7c00-7000-8000-000000000002", "external_id": null,
        "attachments": [attachment()], "detail": {},
        "identity_checked": "none", "contact_reason": {"code": "service_failed", "found": false},
    })
}

/// A file that came with a contact.
#[must_use]
pub fn attachment() -> Value {
    json!({
        "id": "019a9f5e-7c00-7000-8000-000000000009", "name": "bin.jpg", "type": "image/jpeg", "bytes": 81_234,
        "scan": "clean", "finding": null, "withheld": null, "downloadable": true, "inline": false,
        "contact": "019a9f5e-7c00-7000-8000-000000000006", "received_at": "2026-11-20T16:58:00Z",
    })
}

/// A queue and what stands in it.
#[must_use]
pub fn queue() -> Value {
    json!({
        "queue": "waste-ops", "name": "Waste operations", "team": "bins team", "open": 12, "due_today": 3,
        "overdue": 1, "unowned": 5, "to_write": 0, "oldest": {"received_at": "2026-11-02T09:12:00Z"},
    })
}

/// One step of a ladder.
#[must_use]
pub fn escalation() -> Value {
    json!({
        "case": {"id": CASE, "reference": "4X7-K92-MQ3"}, "contact": null, "clock": "respond",
        "step": "head_of_service",
        "occurrence": 1, "due_at": "2026-11-25T09:00:00Z", "taken_at": "2026-11-25T09:00:01Z",
        "to": [{"post": "head-of-waste-and-street-scene",
            "email": "head.of.waste.and.street.scene@council.example", "delivery": "sent"}],
        "state": "sent",
    })
}

/// A notice that could not be delivered.
#[must_use]
pub fn notice() -> Value {
    json!({
        "id": "019a9f5e-7c00-7000-8000-000000000007", "kind": "confirmation",
        "case": {"id": CASE, "reference": "4X7-K92-MQ3"}, "transport": "email", "to": "ada@mail.example",
        "state": "failed", "attempts": 9, "last_error": "550 no such mailbox",
        "created_at": "2026-11-20T16:59:00Z", "next_attempt_at": null, "sent_at": null,
        "letter": {"template": "confirmation", "what_happens": ["We will collect it by 5pm on Tuesday 24 November 2026."]},
        "text": null, "address": [], "see_to": [],
    })
}

/// A letter that somebody is to print and post.
pub fn letter_to_write() -> Value {
    json!({
        "id": "019a9f5e-7c00-7000-8000-000000000008", "kind": "confirmation",
        "case": {"id": CASE, "reference": "4X7-K92-MQ3"}, "transport": "post", "to": "Ada Example",
        "state": "to_write", "attempts": 0, "last_error": null,
        "created_at": "2026-11-20T16:59:00Z", "next_attempt_at": null, "sent_at": null,
        "letter": {"template": "confirmation", "what_happens": ["We will collect it by 5pm on Tuesday 24 November 2026."]},
        "text": "Ada Example\n14 Larkfield Rise\nZZ1 1AA\n\nNorthmere Council\n\nFriday 20 November 2026\n\nOur reference: \
                 4X7-K92-MQ3\n\nThank you. We have your report of a missed bin.\n",
        "address": ["Ada Example", "14 Larkfield Rise", "ZZ1 1AA"], "see_to": [],
    })
}
