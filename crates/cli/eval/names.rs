//! How names are compared: from sound alone nobody can tell in which characters a name is written.

use serde_json::Value as Json;
use text::Morphology;

/// Last part of the ids of fields and columns that hold names, and the key of a name in a value.
const NAME: &str = "name";

/// In what form names are compared.
#[derive(Clone, Copy)]
pub(crate) enum Names {
    /// By their characters: the input is text.
    Written,
    /// By their readings: the input is speech.
    Read(&'static Morphology),
}

impl Names {
    /// Puts the names in the value of a field into the form that is compared.
    pub(crate) fn put(self, field: &str, value: &mut Json) {
        let Self::Read(morphology) = self else { return };
        if field.rsplit('.').next() == Some(NAME) {
            read(morphology, value);
        }
        read_inside(morphology, value);
    }
}

fn read_inside(morphology: &Morphology, value: &mut Json) {
    match value {
        Json::Array(values) => values.iter_mut().for_each(|value| read_inside(morphology, value)),
        Json::Object(object) => {
            for (key, value) in object {
                if key == NAME {
                    read(morphology, value);
                } else {
                    read_inside(morphology, value);
                }
            }
        }
        _ => {}
    }
}

fn read(morphology: &Morphology, value: &mut Json) {
    if let Json::String(name) = value {
        let bare = name.strip_suffix("さん").unwrap_or(name);
        *name = morphology.tokens(bare).into_iter().map(|word| word.reading).collect();
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_that_sound_the_same_are_the_same_where_they_were_heard() {
        let heard = Names::Read(Morphology::shared().unwrap());
        let read = |mut value: Json| {
            heard.put("staff", &mut value);
            value
        };
        let (ito, other) = (json!([{"name": "伊藤さん"}]), json!([{"name": "伊東"}]));
        assert_eq!(read(ito.clone()), read(other.clone()));
        assert_ne!(read(ito), read(json!([{"name": "伊野"}])));
        let mut written = other.clone();
        Names::Written.put("staff", &mut written);
        assert_eq!(written, other);
    }

    #[test]
    fn the_value_of_a_name_field_is_a_name_and_other_words_are_not() {
        let heard = Names::Read(Morphology::shared().unwrap());
        let (mut name, mut place) = (json!("西田"), json!("西田"));
        heard.put("child.name", &mut name);
        heard.put("place", &mut place);
        assert_eq!((name, place), (json!("にしだ"), json!("西田")));
    }
}
