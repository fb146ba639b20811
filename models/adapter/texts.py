#!/usr/bin/env python3
"""What is read aloud for the training of the adapter, one text a line.

    python3 texts.py --dictations FILE [--general NER_JSON] > texts.txt
    python3 texts.py --values COUNT --surnames CSV > values.txt
    python3 texts.py --general NER_JSON --skip 800 --count 1200 > general.txt

`--dictations` is what `dictation-text dictations` printed: whole dictations of the grammar. Beside them stand sentences of
`models/dictation.txt.gz` in groups, every term of the lexicon in two short sentences, and general sentences (the
Wikipedia NER set of Stockmark, CC BY-SA 3.0), so that the decoder does not forget the rest of the language.
`--values` writes short sentences that are mostly a date, a time, a number, an address or a person's name; the CSV has a
surname, its frequency and its reading in a row.
"""
import argparse
import csv
import datetime
import gzip
import json
import random
import unicodedata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CARRIERS = ["{}。", "{}について確認。", "{}とのこと。", "{}の件で連絡。", "次に、{}。", "{}を検討する。", "{}に関して聞き取った。", "それから{}です。"]
SENTENCES, GENERAL = 5000, 800
# Sentences of a text of `--values`.
TOGETHER = 10

VALUES = [
    "{date}、{time}。", "{date}{weekday}、{time}。", "{weekday}、{time}から{time}まで。", "{date}、{time}から{time}まで、{surname}が{act}。",
    "日時、{date}、{time}。", "日時は{date}の{time}です。", "実施日、{date}。", "受理日時、{date}、{time}。", "確認日時は{date}{weekday}、{time}でした。",
    "{act}したのは{date}の{time}ごろ。", "開始{time}、終了{time}。", "{time}開始、{time}終了。", "{day}の{time}に、{role}の{surname}さんへ電話。",
    "所要時間、{minutes}分。", "所要時間は{minutes}分でした。", "面接時間{minutes}分。", "通話時間は{minutes}分くらい。", "経過時間、{hours}時間{minutes}分。",
    "年齢、{age}歳。", "{age}歳、{grade}。", "{sex}、{age}歳。", "本児は{age}歳、{grade}。", "{relation}、{age}歳、{job}。", "{relation}は{age}歳で{job}です。",
    "{relation}の{surname}さん、{age}歳。", "{birth}生まれ。", "生年月日、{birth}。", "生年月日は{birth}です。", "{sex}、{birth}生まれ、{age}歳。",
    "住所、{addr}。", "住所は{addr}です。", "住まいは{addr}、{floor}階。", "所在地、{addr}。", "連絡先、{phone}。", "電話番号は{phone}です。", "電話、{phone}。",
    "折り返しは{phone}へ。", "携帯は{phone}。", "頻度は週に{small}回。", "週{small}、{next}回くらい。", "月に{small}回。", "{small}か月前から。", "{small}年前の{month}月から。",
    "{month}月ごろから、週に{small}回。", "{date}からずっと。", "大きさは{small}センチ。", "{size}ミリくらい、{count}。", "{coin}円玉大、{count}。", "長さ{small}センチ、{count}。",
    "{part}に、{colour}の{injury}が{count}。", "{side}の{part}、{injury}、{count}。", "{part}の{injury}は{coin}円玉大。", "写真は{small}枚。", "写真{small}番。",
    "在胎{weeks}週、{grams}グラムで出生。", "出生体重{grams}グラム。", "体重{kilos}キロ、身長{height}センチ。", "始歩{small}か月、始語1歳{small}か月。", "体温{degrees}度{small}分。",
    "{role}、{surname}。", "{role}の{surname}。", "{role}の{surname}と、{role}の{surname}。", "{role}{surname}、{role}{surname}。", "担当、{surname}。", "担当は{role}の{surname}です。",
    "記録、{surname}。", "聞き取り、{role}の{surname}。", "対応者、{role}{surname}。", "同行、{role}の{surname}。", "{surname}先生から。", "相手は{role}の{surname}さん。",
    "{surname}さんに架電。", "{surname}が再訪問、{until}まで。", "{surname}が{place}に電話、{until}。", "{until}までに{surname}が{act}。", "次回は{date}、{time}。", "次回、{weekday}の{time}に{act}。",
    "次回見直し、{date}。", "期限は{date}、{time}。", "{hours}時間以内、{date}{time}まで。", "{grade}、{surname}先生のクラス。", "{place}の{surname}から、{time}に受電。",
    "{date}、いや、{date}です。", "{time}、違う、{time}。", "{age}歳、訂正、{age}歳。",
]
CHOICES = {
    "act": ["家庭訪問", "面接", "電話", "再訪問", "所内面接", "学校訪問", "安全確認", "報告"],
    "role": ["児童福祉司", "児童心理司", "保健師", "主任", "係長", "SV", "家庭相談員", "相談員", "民生委員", "主任児童委員", "校長", "副校長", "教頭", "園長",
             "担任", "養護教諭", "SSW", "スクールカウンセラー", "里親", "当直", "一時保護所", "看護師", "医師", "巡査部長", "警部補", "児童指導員", "保育士"],
    "relation": ["実母", "実父", "継父", "継母", "内夫", "母方祖母", "母方祖父", "父方祖母", "父方祖父", "姉", "兄", "妹", "弟", "異父兄", "異父妹", "母方おば", "父方おじ"],
    "job": ["会社員", "無職", "パート", "自営業", "介護職", "運送業", "建設業", "飲食店勤務", "美容師", "看護師", "派遣社員", "主婦", "事務員", "工場勤務"],
    "grade": ["小学1年", "小学2年", "小学3年", "小学4年", "小学5年生", "小学6年生", "中学1年", "中学2年", "中学3年", "高校1年", "年少", "年中", "年長"],
    "sex": ["男", "女", "男の子", "女の子", "男児", "女児"],
    "part": ["頬", "額", "背中", "右腕", "左の上腕", "前腕", "大腿", "下腿", "膝", "臀部", "耳", "眼の周り", "頭", "手の甲", "首", "腹"],
    "side": ["右", "左", "両側"],
    "colour": ["青", "赤", "紫", "黄色", "茶色"],
    "injury": ["あざ", "皮下出血", "擦過傷", "切り傷", "熱傷", "腫脹", "裂創", "咬傷"],
    "count": ["一つ", "二つ", "三つ", "四つ", "五つ", "1か所", "2か所", "3か所", "1本", "2本", "3本", "4本"],
    "coin": ["1", "5", "10", "50", "100", "500"],
    "day": ["今日", "昨日", "おととい", "今朝", "昨夜", "明日", "あさって", "先週金曜", "今週水曜"],
    "place": ["小学校", "中学校", "保育園", "幼稚園", "学童", "病院", "警察署", "保健センター", "子ども家庭支援センター", "市役所", "保育課"],
    "until": ["明日", "あさって", "今週金曜", "来週月曜", "来週中", "今月末", "月末", "3日以内", "1週間以内"],
    "weekday": ["月曜", "火曜", "水曜", "木曜", "金曜", "土曜", "日曜", "月曜日", "水曜日", "金曜日"],
    "town": ["東", "西", "北", "南", "本", "栄", "緑", "旭", "港", "桜", "若葉", "新", "大", "元", "中央", "青葉", "泉", "松"],
}


def one_of(rng: random.Random, surnames: list[tuple[str, int]], slot: str) -> str:
    """A value for a slot of VALUES, written as the record's reader expects it."""
    number = rng.randint
    day = datetime.date(2025, 1, 1) + datetime.timedelta(days=number(0, 900))
    match slot:
        case "date":
            year = rng.choice(["", "", "", f"令和{day.year - 2018}年", f"{day.year}年"])
            return f"{year}{day.month}月{day.day}日"
        case "time":
            hour, minute = number(1, 12), rng.choice(["", "半", *(f"{m}分" for m in range(5, 60, 5)), f"{number(1, 59)}分"])
            half = rng.choice(["午前", "午後", "午後", ""])
            return f"{half}{hour if half else number(8, 21)}時{minute}"
        case "birth":
            era = rng.choice([f"令和{number(2, 8)}年", f"平成{number(1, 31)}年", f"昭和{number(40, 63)}年", f"{number(2007, 2025)}年", "令和元年"])
            return f"{era}{day.month}月{day.day}日"
        case "addr":
            town = f"{rng.choice(CHOICES['town'])}{rng.choice(['市', '区', '市'])}{rng.choice(CHOICES['town'])}町"
            return town + rng.choice([f"{number(1, 9)}丁目{number(1, 30)}番{number(1, 20)}号", f"{number(1, 9)}丁目{number(1, 30)}-{number(1, 20)}", f"{number(1, 9)}-{number(1, 30)}-{number(1, 20)}", f"{number(1, 30)}番地"])
        case "phone":
            return rng.choice([f"0{rng.choice([7, 8, 9])}0-{number(0, 9999):04}-{number(0, 9999):04}", f"0{number(3, 6)}-{number(0, 9999):04}-{number(0, 9999):04}", f"0{number(11, 99)}-{number(0, 999):03}-{number(0, 9999):04}"])
        case "surname":
            return rng.choices([s for s, _ in surnames], [w for _, w in surnames])[0]
        case "minutes": return str(rng.choice([5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 60, 70, 90, number(3, 59)]))
        case "hours": return str(number(1, 48))
        case "age": return str(rng.choice([number(0, 17), number(18, 45), number(46, 80)]))
        case "small" | "next": return str(number(1, 9))
        case "degrees": return str(number(36, 39))
        case "floor": return str(number(1, 12))
        case "month": return str(number(1, 12))
        case "weeks": return str(number(28, 41))
        case "grams": return f"{number(15, 40) * 100 + rng.choice([0, 50, 20, 80]):,}"
        case "kilos": return str(number(3, 50))
        case "height": return str(number(50, 170))
        case "size": return str(number(2, 9))
        case _: return rng.choice(CHOICES[slot])


def surnames_read_right(path: Path) -> list[tuple[str, int]]:
    """Surnames that the synthesiser reads as the list does, with a weight that lets the rare ones be heard too."""
    import pyopenjtalk

    katakana = lambda text: "".join(chr(ord(c) + 96) if "ぁ" <= c <= "ゖ" else c for c in text)
    with path.open(encoding="utf-8", newline="") as file:
        rows = [(name, int(count), reading) for name, count, reading, *_ in csv.reader(file)]
    return [(name, count**0.5) for name, count, reading in rows[:1000] if pyopenjtalk.g2p(f"{name}さん", kana=True).replace("’", "").startswith(katakana(reading))]


def values(count: int, surnames: list[tuple[str, int]]) -> list[str]:
    rng = random.Random(11)
    def fill(frame: str) -> str:
        parts = frame.split("{")
        return parts[0] + "".join(one_of(rng, surnames, part.split("}")[0]) + part.split("}")[1] for part in parts[1:])
    return [fill(rng.choice(VALUES)) for _ in range(count)]


def groups(sentences: list[str], size: int) -> list[str]:
    return ["".join(sentences[i : i + size]) for i in range(0, len(sentences), size)]


def general(path: Path) -> list[str]:
    texts = (unicodedata.normalize("NFKC", row["text"]) for row in json.loads(path.read_text(encoding="utf-8")))
    def plain(text: str) -> bool:
        return text.endswith("。") and text.count("。") == 1 and 15 < len(text) < 70 and not set(text) & set('「」『』()"')
    return [text for text in texts if plain(text)]


def of_dictations(path: Path, rng: random.Random) -> tuple[list[str], list[str]]:
    """Whole dictations, and single sentences."""
    dictations = [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    with gzip.open(ROOT / "models/dictation.txt.gz", "rt", encoding="utf-8") as file:
        sentences = sorted({line.strip() for line in file if line.strip()})
    rng.shuffle(sentences)
    rows = (ROOT / "crates/text/data/lexicon.tsv").read_text(encoding="utf-8").splitlines()
    terms = [row.split("\t")[0] for row in rows if "\t" in row and not row.startswith("#")]
    short = sentences[:SENTENCES] + [carrier.format(term) for term in terms for carrier in rng.sample(CARRIERS, 2)]
    return dictations, short


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dictations", type=Path)
    parser.add_argument("--general", type=Path)
    parser.add_argument("--skip", type=int, default=0, help="general sentences that were used before")
    parser.add_argument("--count", type=int, default=GENERAL, help="general sentences")
    parser.add_argument("--values", type=int, default=0)
    parser.add_argument("--surnames", type=Path)
    args = parser.parse_args()
    rng = random.Random(7)
    texts, short = of_dictations(args.dictations, rng) if args.dictations else ([], [])
    others = general(args.general) if args.general else []
    rng.shuffle(others)
    rng.shuffle(short)
    texts += groups(short, 12) + groups(others[args.skip : args.skip + args.count], 4)
    if args.values:
        texts += groups(values(args.values, surnames_read_right(args.surnames)), TOGETHER)
    print("\n".join(texts))


if __name__ == "__main__":
    main()
