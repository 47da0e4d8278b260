//! A batch of letters by the command: totals that match, what was not taken and why, and a second run that takes nothing twice.

use std::path::Path;
use std::process::Command;

use samad::gateways::Ocr;
use serde_json::json;

use crate::keys::told;
use crate::support::TestApp;

const TABLE: &str = "registry_number,registry_date,name,mobile,text,annexes,files\n\
    ۱۰۱,۱۴۰۵/۰۳/۱۸,مریم,09990000011,آب محله ما سه روز است که قطع است.,۱,\n\
    102,,,,,,first.pdf;second.png\n\
    103,,,,,,\n\
    104,,,,,,\n\
    105,,,,,,not-there.pdf\n\
    102,,,,again,,\n";

fn write(folder: &Path, name: &str, bytes: &[u8]) {
    std::fs::write(folder.join(name), bytes).unwrap();
}

async fn count(app: &TestApp, state: &str) -> usize {
    let path = format!("/intake/items?channel=letter&state={state}");
    let page = app.as_user("registrar.centre").await.get(&path).await.expect(200);
    page["items"].as_array().unwrap().len()
}

#[actix_web::test]
async fn what_is_taken_what_is_not_and_why_is_told_and_a_second_run_takes_nothing_twice() {
    let app = TestApp::start().await;
    let folder = tempfile::tempdir().unwrap();
    let scans = folder.path().join("scans");
    std::fs::create_dir(&scans).unwrap();
    for name in ["first.pdf", "second.png", "103-1.tif", "103-2.tif", "nobody.jpg"] {
        write(&scans, name, name.as_bytes());
    }
    write(folder.path(), "letters.csv", TABLE.as_bytes());
    let (csv, left) = (folder.path().join("letters.csv"), folder.path().join("left.csv"));
    let (scans, csv, left) = (scans.to_str().unwrap(), csv.to_str().unwrap(), left.to_str().unwrap());
    let wrong = app.command(&["import", "letters", scans, "--csv", csv, "--expect", "7"]).run();
    assert!(!wrong.status.success() && told(&wrong).contains("has 6 letters and not 7"), "{}", told(&wrong));
    let ran = app.command(&["import", "letters", scans, "--csv", csv, "--report", left]).run();
    let report = told(&ran);
    assert!(!ran.status.success(), "not everything was taken: {report}");
    for words in [
        "Letters in the table: 6. Became cases: 1; messages on cases: 0; wait to be keyed: 2; set aside: 0; not taken: 3.",
        "Totals match: 6 of 6.",
        "line 5, number 104: there is neither a text nor a scan of it",
        "line 6, number 105: the file not-there.pdf is not in",
        "line 7, number 102: this registry number stands in an earlier row too",
        "no letter took the scan nobody.jpg",
    ] {
        assert!(report.contains(words), "{words} is not in {report}");
    }
    assert!(std::fs::read_to_string(left).unwrap().lines().count() >= 5);
    assert_eq!((count(&app, "registered").await, count(&app, "to_key").await), (1, 2));
    // the rest is mended, and the same command goes on
    std::fs::remove_file(Path::new(scans).join("nobody.jpg")).unwrap();
    write(Path::new(scans), "104.pdf", b"%PDF-1.4 late");
    write(Path::new(scans), "not-there.pdf", b"%PDF-1.4 found");
    let mended = TABLE.replace("102,,,,again,,\n", "106,,,,again,,\n");
    std::fs::write(csv, mended).unwrap();
    let ran = app.command(&["import", "letters", scans, "--csv", csv]).run();
    assert!(ran.status.success(), "{}", told(&ran));
    assert!(told(&ran).contains("Of these, taken by an earlier run: 3."), "{}", told(&ran));
    assert_eq!((count(&app, "registered").await, count(&app, "to_key").await), (2, 4));
    // the code goes back by SMS
    let taken = app.as_user("registrar.centre").await.get("/intake/items?state=registered").await.expect(200);
    let cases: Vec<&str> =
        taken["items"].as_array().unwrap().iter().map(|item| item["case_id"].as_str().unwrap()).collect();
    let mut ways = Vec::new();
    for case in cases {
        let told =
            app.as_user("classifier.centre").await.get(&format!("/cases/{case}/messages")).await.expect(200);
        let of_case = told["items"].as_array().unwrap().clone();
        ways.extend(of_case.into_iter().map(|message| message["channel"].clone()));
    }
    assert!(ways.contains(&json!("sms")), "{ways:?}");
}

#[actix_web::test]
async fn a_table_that_is_none_takes_nothing() {
    let app = TestApp::start().await;
    let folder = tempfile::tempdir().unwrap();
    let csv = folder.path().join("letters.csv");
    let (place, path) = (folder.path().to_str().unwrap(), csv.to_str().unwrap());
    for (table, words) in
        [("text\na\n", "registry_number"), ("registry_number,tel\n1,2\n", "'tel' is unknown")]
    {
        std::fs::write(&csv, table).unwrap();
        let ran = app.command(&["import", "letters", place, "--csv", path]).run();
        assert!(!ran.status.success() && told(&ran).contains(words), "{}", told(&ran));
    }
    assert_eq!(count(&app, "to_key").await, 0);
}

#[actix_web::test]
async fn a_stack_is_taken_apart_at_its_separator_pages() {
    let app = TestApp::start().await;
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    std::fs::create_dir(at("scans")).unwrap();
    std::fs::write(at("letters.csv"), "registry_number\n14/05/7\n8\n").unwrap();
    let ran =
        app.command(&["import", "separators", "--csv", &at("letters.csv"), "--out", &at("sep.pdf")]).run();
    assert!(ran.status.success() && told(&ran).contains("2 separator pages"), "{}", told(&ran));
    let again =
        app.command(&["import", "separators", "--csv", &at("letters.csv"), "--out", &at("sep.pdf")]).run();
    assert!(!again.status.success(), "a file that exists is not overwritten");
    let ocr = Ocr::new(&app.app.config.ocr);
    if !ocr.can_render() {
        println!("pdftoppm or tiff2pdf is missing; no stack is taken apart here");
        return;
    }
    // separator, two pages, separator, one page: the separators themselves and a printed letter are the pages at hand
    let case = app.register(json!({ "citizen": { "address": "تهران" } })).await;
    let classifier = app.as_user("classifier.centre").await;
    let messages = classifier.get(&case.path("messages")).await.expect(200);
    let path = format!("/messages/{}/letter", messages["items"][0]["id"].as_str().unwrap());
    std::fs::write(at("page.pdf"), classifier.get(&path).await.bytes).unwrap();
    let poppler = |program: &str, arguments: &[&str]| {
        assert!(Command::new(program).args(arguments).status().unwrap().success(), "{program} {arguments:?}");
    };
    poppler("pdfseparate", &[&at("sep.pdf"), &at("sep-%d.pdf")]);
    let (one, two, page, stack) = (at("sep-1.pdf"), at("sep-2.pdf"), at("page.pdf"), at("scans/stack.pdf"));
    poppler("pdfunite", &[&one, &page, &page, &two, &page, &stack]);
    let ran = app.command(&["import", "letters", &at("scans"), "--csv", &at("letters.csv")]).run();
    assert!(ran.status.success(), "{}", told(&ran));
    assert!(told(&ran).contains("wait to be keyed: 2"), "{}", told(&ran));
    assert!(told(&ran).contains("Scans taken: 3; left: 0"), "{}", told(&ran));
}
