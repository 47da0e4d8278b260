//! The people in whose name load is sent.

use std::collections::HashMap;

use anyhow::{Context, bail};
use tokio::sync::Mutex;

use super::client::{Call, Client, Reply};

/// Staff by user name; tokens are fetched when first needed, and anew when they expired.
pub struct Staff {
    passwords: HashMap<String, String>,
    /// Held while one signs in, so that many workers do not sign the same person in at once.
    tokens: Mutex<HashMap<String, String>>,
}

impl Staff {
    /// The demo staff with its password, and the accounts given as `user:password`.
    pub fn new(given: &[String]) -> anyhow::Result<Self> {
        let mut passwords =
            HashMap::from([("classifier.centre".to_owned(), crate::domain::demo::PASSWORD.to_owned())]);
        for office in ["moen", "moen-10", "mohme"] {
            for role in ["liaison", "handler", "approver"] {
                passwords.insert(format!("{role}.{office}"), crate::domain::demo::PASSWORD.to_owned());
            }
        }
        for account in given {
            let (user, password) =
                account.split_once(':').with_context(|| format!("--staff {account}: write USER:PASSWORD"))?;
            passwords.insert(user.to_lowercase(), password.to_owned());
        }
        Ok(Self { passwords, tokens: Mutex::new(HashMap::new()) })
    }

    /// Whether an office has staff to answer and to approve.
    pub fn works_at(&self, office: &str) -> bool {
        let has = |role: &str| self.passwords.contains_key(&format!("{role}.{}", office.to_lowercase()));
        has("handler") && has("approver")
    }

    async fn token(&self, client: &mut Client, user: &str) -> anyhow::Result<String> {
        let mut tokens = self.tokens.lock().await;
        if let Some(token) = tokens.get(user) {
            return Ok(token.clone());
        }
        let password = self
            .passwords
            .get(user)
            .with_context(|| format!("no password is known for {user}; give --staff"))?;
        let body = serde_json::json!({ "username": user, "password": password }).to_string();
        let call = Call { method: "POST", path: "/auth/tokens", token: None, body: Some(&body) };
        let reply = client.insist(call).await?;
        let Some(token) = reply.json()["access_token"].as_str().map(str::to_owned) else {
            bail!("{user} cannot sign in: {}", reply.problem());
        };
        tokens.insert(user.to_owned(), token.clone());
        Ok(token)
    }

    /// Sends a call as this person.
    pub async fn call(
        &self,
        client: &mut Client,
        user: &str,
        method: &str,
        path: &str,
        body: Option<&str>,
    ) -> anyhow::Result<Reply> {
        let token = self.token(client, user).await?;
        let reply = client.insist(Call { method, path, token: Some(&token), body }).await?;
        if reply.status != 401 {
            return Ok(reply);
        }
        self.forget(user, &token).await;
        let token = self.token(client, user).await?;
        client.insist(Call { method, path, token: Some(&token), body }).await
    }

    /// Forgets a token that is no longer good, unless another worker got a new one meanwhile.
    async fn forget(&self, user: &str, expired: &str) {
        let mut tokens = self.tokens.lock().await;
        if tokens.get(user).is_some_and(|token| token == expired) {
            tokens.remove(user);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_office_works_when_somebody_answers_and_another_approves() {
        let staff = Staff::new(&["handler.MOE:x".into()]).unwrap();
        assert!(staff.works_at("MOEN-10"));
        assert!(!staff.works_at("MOE"));
    }
}
