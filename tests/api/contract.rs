//! The published contract and the server say the same.

use serde_json::Value;

use crate::support::{Caller, Database, TestApp};

fn published() -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.yaml");
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn the_file_is_what_the_program_writes() {
    assert_eq!(
        reeve::http::openapi::document(),
        published(),
        "run `cargo run -- openapi > openapi.yaml` and review the difference"
    );
}

#[actix_web::test]
async fn the_server_gives_out_the_same_bytes() {
    let app = TestApp::on(Database::sqlite()).await;
    let served = app.get(&Caller::nobody(), "/openapi.yaml").await;
    assert_eq!(served.status, 200);
    assert_eq!(served.text, published());
}

/// Every documented operation is served, and none without a declared rule.
#[actix_web::test]
async fn every_operation_is_served_and_says_who_may() {
    let app = TestApp::on(Database::sqlite()).await;
    let document: Value = serde_norway::from_str(&published()).unwrap();
    let mut n_operations = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            if !["get", "post", "put", "patch", "delete"].contains(&method.as_str()) {
                continue;
            }
            n_operations += 1;
            let access = &operation["x-reeve-access"];
            assert!(
                access["roles"].is_array()
                    && access["scopes"].is_array()
                    && access["public"].is_boolean(),
                "{method} {path}"
            );
            let is_public = access["public"] == true;
            let filled = path
                .replace("{case}", "01890000-0000-7000-8000-000000000000")
                .replace(['{', '}'], "");
            let request = actix_web::test::TestRequest::with_uri(&filled)
                .method(method.to_uppercase().parse().unwrap());
            let reply = app.send(&Caller::nobody(), request).await;
            assert_ne!(reply.status, 405, "{method} {path} is not served");
            assert!(
                !reply.text.contains("route_not_found"),
                "{method} {path} is not served"
            );
            assert!(reply.status < 500, "{method} {path}: {}", reply.text);
            if !is_public {
                assert_eq!(
                    reply.status, 401,
                    "{method} {path} lets strangers in: {}",
                    reply.text
                );
            }
        }
    }
    assert!(n_operations > 40, "{n_operations}");
}
