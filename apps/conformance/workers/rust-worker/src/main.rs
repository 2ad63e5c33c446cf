//! Offers functions on the official Rust SDK: they answer, call back, fail, and read and write channels.

use std::sync::{Arc, OnceLock};

use iii_sdk::channel::{ChannelReader, ChannelWriter, StreamChannelRef};
use iii_sdk::errors::Error;
use iii_sdk::protocol::{RegisterTriggerInput, TriggerAction, TriggerRequest};
use iii_sdk::{register_worker, IIIClient, InitOptions, RegisterFunction};
use serde_json::{json, Value};

fn main() {
    let url = std::env::args().nth(1).expect("usage: conformance-worker <url>");
    let worker = register_worker(&url, InitOptions::default());
    let client: Arc<OnceLock<IIIClient>> = Arc::default();
    let _ = client.set(worker.clone());
    let queueing = client.clone();

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
        "guest::queue",
        RegisterFunction::new_async(move |data: Value| {
            let client = queueing.clone();
            async move {
                let iii = client.get().ok_or(Error::NotConnected)?;
                let queue = data["queue"].as_str().unwrap_or_default().to_string();
                iii.trigger(TriggerRequest {
                    function_id: data["to"].as_str().unwrap_or_default().to_string(),
                    payload: data["with"].clone(),
                    action: Some(TriggerAction::Enqueue { queue }),
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
    let address = url.clone();
    worker.register_function(
        "guest::drain",
        RegisterFunction::new_async(move |data: Value| drain(address.clone(), data)),
    );
    let address = url.clone();
    worker.register_function(
        "guest::fill",
        RegisterFunction::new_async(move |data: Value| fill(address.clone(), data)),
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

fn channel(data: &Value, name: &str) -> Result<StreamChannelRef, Error> {
    serde_json::from_value(data[name].clone()).map_err(|error| Error::Handler(error.to_string()))
}

async fn drain(address: String, data: Value) -> Result<Value, Error> {
    let reader = ChannelReader::new(&address, &channel(&data, "input")?);
    let (mut size, mut largest, mut checksum) = (0, 0, Crc32::new());
    while let Some(chunk) = reader.next_binary().await? {
        checksum.update(&chunk);
        size += chunk.len();
        largest = largest.max(chunk.len());
    }
    Ok(json!({ "bytes": size, "crc32": checksum.value(), "largest": largest }))
}

async fn fill(address: String, data: Value) -> Result<Value, Error> {
    let writer = ChannelWriter::new(&address, &channel(&data, "output")?);
    let total = data["bytes"].as_u64().unwrap_or_default() as usize;
    let (mut size, mut checksum) = (0, Crc32::new());
    while size < total {
        let chunk: Vec<u8> = (0..200_000.min(total - size)).map(|i| ((size + i) % 251) as u8).collect();
        checksum.update(&chunk);
        size += chunk.len();
        writer.write(&chunk).await?;
    }
    writer.send_message("done").await?;
    writer.close().await?;
    Ok(json!({ "bytes": size, "crc32": checksum.value() }))
}

/// As in zlib.
struct Crc32(u32);

impl Crc32 {
    fn new() -> Self {
        Self(!0)
    }

    fn update(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 ^= u32::from(*byte);
            for _ in 0..8 {
                self.0 = if self.0 & 1 == 1 { (self.0 >> 1) ^ 0xedb8_8320 } else { self.0 >> 1 };
            }
        }
    }

    fn value(&self) -> u32 {
        !self.0
    }
}
