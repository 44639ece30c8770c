//! Settings with two forms: a number or a phrase for the usual case, a map for everything else.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{
    DeserializeOwned, Deserializer, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer,
};

use super::balance::{Balance, BalanceForm, Policy};
use super::call::{Fallback, Fallbacks};
use super::schema::{InstanceShare, OrderSentence, Sentence, Slots};
use super::traffic::{ArrivalProfile, Arrivals, Users};

/// A full form that can also be written as a bare number, which stands for its `max`.
#[derive(Clone, Debug)]
pub(super) struct OrNumber<T>(pub T);

/// What can be made of a bare number.
pub(super) trait OfNumber {
    /// The full form that the number stands for.
    fn of_number(number: u32) -> Self;
}

impl OfNumber for Slots {
    fn of_number(max: u32) -> Self {
        Self { max, queue: None, max_wait: None }
    }
}

impl OfNumber for Users {
    fn of_number(from: u32) -> Self {
        Self { from, stages: Vec::new() }
    }
}

struct NumberOrMap<T>(std::marker::PhantomData<T>);

impl<'de, T: OfNumber + DeserializeOwned> Visitor<'de> for NumberOrMap<T> {
    type Value = OrNumber<T>;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a whole number, or a map")
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Self::Value, E> {
        u32::try_from(number)
            .map(|number| OrNumber(T::of_number(number)))
            .map_err(|_| E::custom(format!("`{number}` is too large")))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(OrNumber)
    }
}

impl<'de, T: OfNumber + DeserializeOwned> Deserialize<'de> for OrNumber<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberOrMap(std::marker::PhantomData))
    }
}

impl<T: JsonSchema> JsonSchema for OrNumber<T> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("{}OrNumber", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let full = generator.subschema_for::<T>();
        json_schema!({ "anyOf": [{ "type": "integer", "minimum": 0 }, full] })
    }
}

/// Implements reading and the schema of a type that is written as a phrase or as a map.
macro_rules! phrase_or_map {
    ($type:ty, $name:literal, $expected:literal, $phrase:expr, $form:ty, $of_form:expr, $examples:expr) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct PhraseOrMap;

                impl<'de> Visitor<'de> for PhraseOrMap {
                    type Value = $type;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        formatter.write_str($expected)
                    }

                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$type, E> {
                        let read: fn(&str) -> Result<$type, String> = $phrase;
                        read(text).map_err(E::custom)
                    }

                    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<$type, A::Error> {
                        <$form>::deserialize(MapAccessDeserializer::new(map)).map($of_form)
                    }
                }

                deserializer.deserialize_any(PhraseOrMap)
            }
        }

        impl JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                $name.into()
            }

            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                let full = generator.subschema_for::<$form>();
                json_schema!({ "anyOf": [{ "type": "string", "description": $expected, "examples": $examples }, full] })
            }
        }
    };
}

phrase_or_map!(
    Arrivals,
    "Arrivals",
    "arrivals such as poisson 300/s, or a map with a changing rate",
    |text| text.parse().map(Arrivals::Phrase),
    ArrivalProfile,
    Arrivals::Profile,
    ["poisson 300/s", "constant 10/s"]
);

phrase_or_map!(
    Balance,
    "Balance",
    "a policy such as `least outstanding`, or a map with a policy",
    |text| {
        let policy = serde_json::from_value::<Policy>(text.into());
        policy
            .map(|policy| Balance(BalanceForm { policy: Some(policy), ..BalanceForm::default() }))
            .map_err(|_| unknown_policy(text))
    },
    BalanceForm,
    Balance,
    POLICIES
);

phrase_or_map!(
    Sentence,
    "Expectation",
    "an expectation such as `availability of web is at least 99% during fault`",
    |text| Ok::<Sentence, String>(Sentence(text.to_owned())),
    OrderSentence,
    |sentence: OrderSentence| Sentence(format!("order: {}", sentence.order)),
    [
        "breaker c -> d opens within 10s of fault",
        "availability of web is at least 99% during fault",
        "p99 of web stays below 400ms",
        "no request is lost"
    ]
);

const POLICIES: [&str; 6] =
    ["round robin", "random", "least outstanding", "power of two", "peak ewma", "consistent hash"];

fn unknown_policy(text: &str) -> String {
    let help = match super::problem::did_you_mean(text, POLICIES) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!(
            "known are {}; weights are written as `{{ policy: weighted, weights: [1, 2] }}`",
            POLICIES.join(", ")
        ),
    };
    format!("`{text}` is not a policy; {help}")
}

const FALLBACK: &str = "`default`, a map with one of cached, call and later, or a list of those";

struct OneFallback;

impl<'de> Visitor<'de> for OneFallback {
    type Value = Fallback;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(FALLBACK)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Fallback, E> {
        if text == "default" {
            return Ok(Fallback { default: true, ..Fallback::default() });
        }
        Err(E::custom(format!(
            "`{text}` is not a fallback; write `default`, `{{ cached: {{ hit rate: 90%, latency: 2ms }} }}`, `{{ call: backup }}` or `{{ later: {{ rate: 10/s }} }}`"
        )))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Fallback, A::Error> {
        Fallback::deserialize(MapAccessDeserializer::new(map))
    }
}

struct FallbackOrText(Fallback);

impl<'de> Deserialize<'de> for FallbackOrText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneFallback).map(Self)
    }
}

impl<'de> Deserialize<'de> for Fallbacks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMany;

        impl<'de> Visitor<'de> for OneOrMany {
            type Value = Fallbacks;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(FALLBACK)
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Fallbacks, E> {
                OneFallback.visit_str(text).map(|fallback| Fallbacks(vec![fallback]))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Fallbacks, A::Error> {
                OneFallback.visit_map(map).map(|fallback| Fallbacks(vec![fallback]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Fallbacks, A::Error> {
                let mut fallbacks = Vec::new();
                while let Some(FallbackOrText(fallback)) = list.next_element()? {
                    fallbacks.push(fallback);
                }
                Ok(Fallbacks(fallbacks))
            }
        }

        deserializer.deserialize_any(OneOrMany)
    }
}

impl JsonSchema for Fallbacks {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Fallbacks".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let map = generator.subschema_for::<Fallback>();
        let one = json_schema!({ "anyOf": [{ "const": "default" }, map] });
        json_schema!({ "description": FALLBACK, "anyOf": [one, { "type": "array", "items": one }] })
    }
}

impl<'de> Deserialize<'de> for InstanceShare {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct CountOrShare;

        impl Visitor<'_> for CountOrShare {
            type Value = InstanceShare;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("a number of instances, or a share such as 30%")
            }

            fn visit_u64<E: serde::de::Error>(self, count: u64) -> Result<InstanceShare, E> {
                u32::try_from(count)
                    .map(InstanceShare::Count)
                    .map_err(|_| E::custom(format!("`{count}` is too large")))
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<InstanceShare, E> {
                text.parse().map(InstanceShare::Share).map_err(E::custom)
            }
        }

        deserializer.deserialize_any(CountOrShare)
    }
}

impl JsonSchema for InstanceShare {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "InstanceShare".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "type": "integer", "minimum": 1 }, { "type": "string", "pattern": "^[0-9.]+\\s*%$", "examples": ["30%"] }] })
    }
}
