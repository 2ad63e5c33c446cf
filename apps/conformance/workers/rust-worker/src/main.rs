//! Offers functions on the official Rust SDK: one that answers, one that calls back, one that fails.

use std::sync::{Arc, OnceLock};

use iii_sdk::errors::Error;
use iii_sdk::protocol::{RegisterTriggerInput, TriggerRequest};
use iii_sdk::{register_worker, IIIClient, InitOptions, RegisterFunction};
use serde_json::{json, Value};

fn main() {
    let url = std::env::args().nth(1).expect("usage: conformance-worker <url>");
    let worker = register_worker(&url, InitOptions::default());
    let client: Arc<OnceLock<IIIClient>> = Arc::default();
    let _ = client.set(worker.clone());

    worker.register_function(
        "guest::echo",
        RegisterFunction::new(|data: Value| Ok::<Value, Error>(json!({ "got": data }))),
    );
    worker.register_function(
        "guest::relay",
        RegisterFunction::new_async(move |data: Value| {
            let client = client.clone();
            async move {
                let iii = client.get().ok_or(Error::NotConnected)?;
                iii.trigger(TriggerRequest {
                    function_id: data["to"].as_str().unwrap_or_default().to_string(),
                    payload: data["with"].clone(),
                    action: None,
                    timeout_ms: None,
                })
                .await
            }
        }),
    );
    worker.register_function(
        "guest::fail",
        RegisterFunction::new(|_: Value| Err::<Value, Error>(Error::Handler("boom".into()))),
    );
    let _ = worker.register_trigger(RegisterTriggerInput {
        trigger_type: "guest-type".into(),
        function_id: "guest::echo".into(),
        config: json!({ "n": 1 }),
        metadata: None,
    });
    println!("ready");
    loop {
        std::thread::park();
    }
}
