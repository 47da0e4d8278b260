use super::*;

fn manifest(writer: &Writer) -> Manifest {
    Manifest {
        format: FORMAT,
        samad: "0".into(),
        taken_at: "2026-11-22T00:00:00Z".into(),
        database: "sqlite".into(),
        migrations: vec![],
        rows: BTreeMap::new(),
        tables: vec![],
        parts: writer.parts(),
        attachments: Attachments::of(&BTreeMap::new(), vec![]),
    }
}

fn written(target: &Path) {
    let mut writer = Writer::create(target).unwrap();
    writer.add(SQLITE_PART, 5, &b"bytes"[..]).unwrap();
    let manifest = manifest(&writer);
    writer.finish(&manifest).unwrap();
}

#[test]
fn an_archive_never_overwrites_a_file_and_leaves_no_part_behind() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("b.tar.gz");
    written(&target);
    assert!(Writer::create(&target).is_err());
    drop(Writer::create(&folder.path().join("c.tar.gz")).unwrap());
    let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names, ["b.tar.gz"]);
}

#[test]
fn a_damaged_or_cut_archive_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("b.tar.gz");
    written(&target);
    assert_eq!(check(&target).unwrap().parts.len(), 1);
    let whole = std::fs::read(&target).unwrap();
    for length in [0, 10, whole.len() / 2, whole.len() - 20] {
        std::fs::write(&target, &whole[..length]).unwrap();
        assert!(check(&target).is_err(), "cut at {length}");
    }
}
