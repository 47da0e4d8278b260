//! Changes of the configuration as two persons make them.

use serde_json::{Value, json};

use super::TestApp;

impl TestApp {
    /// A new row, proposed by one administrator and approved by the other; gives the change.
    pub async fn agreed_post(&self, path: &str, body: Value) -> Value {
        let proposed = self.as_user("admin").await.post(path, body).await.expect(202);
        self.approved(&proposed).await
    }

    /// A changed row, the same way; a rule of the register gets the reason that its change needs.
    pub async fn agreed_patch(&self, path: &str, mut body: Value) -> Value {
        let nouns = ["/limits/", "/reasons/", "/rights/", "/routing-rules/"];
        let says_why = ["source", "because", "end"].iter().any(|field| !body[field].is_null());
        if nouns.iter().any(|noun| path.starts_with(noun)) && !says_why {
            body["because"] = json!("تصمیم شورا");
        }
        let proposed = self.as_user("admin").await.patch(path, body).await.expect(202);
        self.approved(&proposed).await
    }

    /// An account or a key: what the first administrator got for it, when the second has approved its change.
    pub async fn agreed_access(&self, waiting: Value) -> Value {
        let path = format!("/changes/{}/approval", waiting["change"].as_str().expect("a change"));
        let approved = self.as_user("admin2").await.post(&path, json!({})).await.expect(200);
        assert_eq!(approved["status"], "applied");
        waiting
    }

    /// A proposal of the first administrator, approved by the second.
    pub async fn approved(&self, proposed: &Value) -> Value {
        assert_eq!(proposed["status"], "proposed");
        let path = format!("/changes/{}/approval", proposed["id"].as_str().expect("an id"));
        self.as_user("admin2").await.post(&path, json!({})).await.expect(200)
    }
}
