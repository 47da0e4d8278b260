//! Who may do what, printed and checked in: a change of the matrix shows in the diff.

use samad::domain::policy;
use samad::domain::rulebook::RulebookCache;

use crate::support::TestApp;

#[actix_web::test]
async fn the_policy_matrix_is_the_one_that_was_reviewed() {
    let app = TestApp::start().await;
    let matrix = app.look(|connection| Ok(policy::matrix(&*RulebookCache::default().current(connection)?)));
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("policy_matrix", matrix);
    });
}
