use crate::testing::{clean, found};
use crate::{Numerals, conformance};

#[track_caller]
fn turns(input: &str, output: &str) {
    assert_eq!(clean(input), output);
}

#[track_caller]
fn stays(input: &str) {
    assert_eq!(clean(input), input);
}

#[test]
fn the_pass_conforms() {
    conformance::run(&Numerals);
}

#[test]
fn telephone_numbers() {
    turns("ゼロサン、イチニーサンヨン、ゴーロクナナハチ", "03-1234-5678");
    assert_eq!(found("phone", "電話は〇三の一二三四の五六七八。"), ["03-1234-5678 | phone 03-1234-5678"]);
    turns("携帯は090 1234 5678です", "携帯は090-1234-5678です");
}

#[test]
fn addresses() {
    turns("三丁目五の二の二百四", "3丁目5-2-204");
    turns("住所は桜町四の七", "住所は桜町4-7");
    turns("三丁目五番二号二百四号室", "3丁目5番2号204号室");
    turns("3丁目5の2の204号室", "3丁目5-2-204号室");
    turns("五番地の二", "5番地の2");
}

#[test]
fn two_numbers_outside_an_address_are_marked_and_kept() {
    assert_eq!(found("quantity", "部屋は四の七。"), ["四の七 | quantity 4..7 の [NumberForm]"]);
    stays("四の五の言う");
}

#[test]
fn counters_and_units() {
    turns("二千八百五十グラム", "2,850g");
    turns("三十九週", "39週");
    turns("百二十センチ", "120cm");
    turns("二〇二六年", "2026年");
    turns("二〇三号室", "203号室");
    turns("家賃は六万五千円、月収二十万円", "家賃は6万5,000円、月収20万円");
    turns("三十七点五度", "37.5度");
    turns("一人で留守番、子どもは三人", "一人で留守番、子どもは3人");
    turns("体温三十八度二分", "体温38度2分");
    turns("第二子、小二、二年三組", "第2子、小2、2年3組");
}

#[test]
fn sizes_of_injuries_keep_their_words() {
    turns("二センチから四センチ", "2センチから4センチ");
    assert_eq!(
        found("quantity", "擦過傷が三本、二センチから四センチ"),
        ["3本 | quantity 3 本", "2センチから4センチ | quantity 2..4 cm [Uncertain]"]
    );
    turns("五百円玉大", "500円玉大");
}

#[test]
fn ranges() {
    turns("週に二、三回", "週に2、3回");
    assert_eq!(found("quantity", "週に二、三回"), ["2、3回 | quantity 2..3 回 [Uncertain]"]);
    turns("二十二、三歳", "22、3歳");
    turns("三つか四つ", "3つか4つ");
    turns("二〇三か二〇四か", "203か204か");
    turns("五から九日", "5から9日");
}

#[test]
fn numbers_as_recognisers_mix_them() {
    turns("2週間、3つか4つ", "2週間、3つか4つ");
    turns("2千850グラム", "2,850g");
    turns("3月十日", "3月10日");
    turns("2850グラム", "2,850g");
}

#[test]
fn fractions_and_negative_numbers() {
    turns("給食を三分の一残す", "給食を3分の1残す");
    turns("身長マイナス二SD", "身長-2SD");
    assert_eq!(found("quantity", "身長、マイナス二SD"), ["-2SD | quantity -2 SD"]);
    stays("マイナス面もある");
}

#[test]
fn weights_and_native_numbers() {
    assert_eq!(found("quantity", "体重は十二キロ"), ["12キロ | quantity 12 kg"]);
    assert_eq!(found("quantity", "青あざがひとつ"), ["ひとつ | quantity 1 つ"]);
    assert!(found("quantity", "ひとり親。もうひとつ。").is_empty());
}

#[test]
fn times_and_minutes() {
    turns("三時十分から四時", "3時10分から4時");
    turns("十分後に電話、二十分待つ", "10分後に電話、20分待つ");
    turns("二十三時から一時", "23時から1時");
    turns("一時半", "1時半");
}

#[test]
fn words_with_numerals_stay() {
    for text in [
        "三軒茶屋に転居",
        "八王子市",
        "二葉保育園",
        "一切ない",
        "十分に",
        "十分食べている",
        "三人称",
        "一人親",
        "一時保護",
        "一時預かり",
        "一時的に",
        "一日中泣いていた",
        "三日坊主",
        "四日市",
        "二十日鼠",
        "一緒に一部始終",
        "一番心配",
        "千歳烏山",
        "数十人",
        "〇〇さん",
        "二男、三女",
    ] {
        stays(text);
    }
}

#[test]
fn longer_words_give_the_number_back() {
    turns("一部屋に四人", "1部屋に4人");
    turns("一番地", "1番地");
}

#[test]
fn a_quotation_keeps_its_numerals() {
    stays("「三回たたかれた」と話す");
    turns("受「お名前は。」通「二階の二〇三です。」", "受「お名前は。」通「2階の203です。」");
}
