//! Plans in other words: who does what by when, several of them in a sentence.

use crate::harness::map;

#[test]
fn each_actor_of_a_sentence_has_a_row() {
    let record = map(
        "visit",
        "6月3日14時、家庭訪問。今後の対応。南が12日に実母へ電話し、北さんは来週中に園を訪問。次に、保健センターは健診の案内をします。",
    );
    let rows = record.rows("next");
    assert_eq!(rows.len(), 3, "{rows:?}");
    assert!(rows[0].contains("who=南") && rows[0].contains("what=実母へ電話"), "{rows:?}");
    assert!(rows[1].contains("who=北") && rows[1].contains("what=園を訪問"), "{rows:?}");
    assert!(rows[2].contains("who=保健センター"), "{rows:?}");
}

#[test]
fn a_deadline_of_its_own_begins_an_action() {
    let rows = map("visit", "6月3日14時、家庭訪問。今後の対応。南が7日に実母へ連絡、来週中に所内で協議。")
        .rows("next");
    assert_eq!(rows.len(), 2, "{rows:?}");
    assert!(rows[1].contains("what=所内で協議"), "{rows:?}");
}

#[test]
fn conditions_and_families_act_in_no_plan() {
    let rows =
        map("visit", "6月3日14時、家庭訪問。今後の対応。出ないときは、10日に南が自宅へ出向く。").rows("next");
    assert!(rows.len() == 1 && rows[0].contains("who=南"), "{rows:?}");
    assert!(map("visit", "今後の対応。実母が病院に行く。").is_empty("next"));
}

#[test]
fn what_is_asked_of_the_supervisor() {
    for text in [
        "一時保護の要否はスーパーバイザーに確認します。",
        "一時保護の要否について、SVの北さんに相談します。",
        "SVに確認したいのは、一時保護の要否です。",
    ] {
        let rows = map("visit", text).rows("check_sv");
        assert!(rows.len() == 1 && rows[0].contains("item=一時保護の要否"), "{text} {rows:?}");
    }
}
