//! Choices between several kinds of a thing, each with keys of its own.

use super::check::{all, listed};
use super::decode::{Decode, unknown_key};
use super::problem::{Problem, Problems};
use super::section::{Entries, Field, Form, Part};
use super::tree::Value;

/// One kind of a thing.
pub(crate) struct Kind<T> {
    /// The key, or the value of the tag, that chooses it. "" is the kind without a tag.
    pub name: &'static str,
    /// The keys that it has.
    pub forms: fn() -> Vec<Form>,
    /// Its reading.
    pub read: fn(&mut Entries<'_>, &mut Problems) -> Option<T>,
}

/// A thing of several kinds, which are distinguished by a key that only one of them has, or by the
/// value of a key that all of them have, their tag.
pub(crate) trait Kinds: Sized + 'static {
    /// The thing in a word or two, for messages: "fault".
    const NOUN: &'static str;
    /// The key whose value tells the kinds apart, and its value when left out; `None` if the kinds
    /// are distinguished by their keys.
    const TAG: Option<(&'static str, Option<&'static str>)>;
    /// All kinds, in the order in which messages list them.
    const KINDS: &'static [Kind<Self>];
}

/// Reads the kind that is written.
pub(crate) fn read_kind<T: Kinds>(entries: &mut Entries<'_>, problems: &mut Problems) -> Option<T> {
    let kind = match T::TAG {
        Some((tag, default)) => kind_by_tag::<T>(tag, default, entries, problems)?,
        None => kind_by_key::<T>(entries, problems)?,
    };
    let own: Vec<&str> = keys(kind).collect();
    for other in T::KINDS.iter().filter(|other| other.name != kind.name) {
        for key in keys(other).filter(|key| !own.contains(key)) {
            entries.note_elsewhere(key, label::<T>(other.name), label::<T>(kind.name));
        }
    }
    (kind.read)(entries, problems)
}

fn keys<T>(kind: &Kind<T>) -> impl Iterator<Item = &'static str> + use<T> {
    (kind.forms)().into_iter().flatten().map(|field| field.key)
}

/// A kind in words: "`crash`", "`preset: polly`".
fn label<T: Kinds>(name: &str) -> String {
    match T::TAG {
        None => format!("`{name}`"),
        Some((tag, _)) if name.is_empty() => format!("a {} without a `{tag}`", T::NOUN),
        Some((tag, _)) => format!("`{tag}: {name}`"),
    }
}

fn kind_by_key<T: Kinds>(
    entries: &mut Entries<'_>,
    problems: &mut Problems,
) -> Option<&'static Kind<T>> {
    let chosen: Vec<&Kind<T>> = T::KINDS.iter().filter(|kind| entries.has(kind.name)).collect();
    if let [kind] = chosen[..] {
        if let Some(found) = entries.find(kind.name) {
            entries.set_kind(found);
        }
        return Some(kind);
    }
    for kind in T::KINDS {
        entries.note_known(kind.name);
        keys(kind).for_each(|key| entries.note_known(key));
    }
    if chosen.is_empty() {
        let message = format!("this {} is incomplete", T::NOUN);
        let help = format!("write one of {}", listed(&names_of::<T>()));
        entries.note_unless_misspelt(Problem::error(message, Some(entries.at())).with_help(help));
    } else {
        let names: Vec<&str> = chosen.iter().map(|kind| kind.name).collect();
        let message = format!("this {} has {}, which exclude each other", T::NOUN, all(&names));
        problems.error(entries.at(), message, "keep one of them");
    }
    None
}

fn kind_by_tag<T: Kinds>(
    tag: &'static str,
    default: Option<&'static str>,
    entries: &mut Entries<'_>,
    problems: &mut Problems,
) -> Option<&'static Kind<T>> {
    let named = |name: &str| T::KINDS.iter().find(|kind| kind.name == name);
    let all_are_known = |entries: &mut Entries<'_>| {
        T::KINDS.iter().flat_map(keys).for_each(|key| entries.note_known(key));
    };
    let Some(found) = entries.find(tag) else {
        if default.is_none() {
            all_are_known(entries);
            let doc = format!("which {} this is: {}", T::NOUN, listed(&names_of::<T>()));
            entries.take::<String>(tag, &doc, problems);
        }
        return default.and_then(named);
    };
    entries.set_kind(found);
    let written = String::decode(found, problems);
    let kind = written.as_deref().and_then(named).filter(|kind| !kind.name.is_empty());
    if kind.is_none() {
        all_are_known(entries);
        if let Some(written) = written {
            let problem = unknown_key(&written, &names_of::<T>(), Some(found.node.at));
            problems.add(Problem { label: String::new(), ..problem });
        }
    }
    kind
}

/// The names of all kinds but the one without a name.
fn names_of<T: Kinds>() -> Vec<&'static str> {
    T::KINDS.iter().map(|kind| kind.name).filter(|name| !name.is_empty()).collect()
}

impl Entries<'_> {
    /// True if a key is written and not null.
    fn has(&self, key: &str) -> bool {
        self.written.iter().any(|(written, node)| written.name == key && node.value != Value::Null)
    }
}

/// Every combination of one of `forms` with one form of a part.
pub(crate) fn schema_forms<T: Part>(forms: &[Form]) -> Vec<Form> {
    let parts = T::forms();
    let with = |form: &Form, part: &Form| form.iter().chain(part).cloned().collect();
    forms.iter().flat_map(|form| parts.iter().map(move |part| with(form, part))).collect()
}

/// The forms of all kinds, each with its tag.
pub(crate) fn forms_of_kinds<T: Kinds>() -> Vec<Form> {
    let tagged = |kind: &'static Kind<T>| {
        (kind.forms)().into_iter().map(move |mut form| {
            let named = !kind.name.is_empty();
            if let Some((tag, default)) = T::TAG.filter(|_| named) {
                let is_required = default != Some(kind.name);
                let schema = super::schema_of::<String>;
                form.insert(
                    0,
                    Field { key: tag, doc: "", schema, only: Some(kind.name), is_required },
                );
            } else if let Some(key) = form.iter_mut().find(|field| field.key == kind.name) {
                key.is_required = true;
            }
            form
        })
    };
    T::KINDS.iter().flat_map(tagged).collect()
}

/// Defines a choice between kinds: the enum, the check of its keys, the list for messages, and a
/// `oneOf` in the JSON Schema.
///
/// `enum Fault("fault") { "crash" => Crash(crash::Crash), … }` chooses by the key `crash`, which is
/// a key of the [section](crate::language::section) `crash::Crash`; `enum Breaker("breaker") by
/// "preset" { "polly" => … }` by the value of `preset`, and `by "policy" or "random"` has a kind
/// for when that is left out.
macro_rules! one_of {
    (
        $(#[doc = $about:literal])*
        $vis:vis enum $name:ident($noun:literal) $(by $tag:literal $(or $default:literal)?)? {
            $( $(#[doc = $doc:literal])* $key:literal => $variant:ident($type:ty) ),* $(,)?
        }
    ) => {
        $(#[doc = $about])*
        #[derive(Clone, Debug)]
        #[allow(clippy::large_enum_variant, reason = "a file has few of them")]
        $vis enum $name {
            $( $(#[doc = $doc])* $variant($type), )*
        }

        impl $crate::language::Kinds for $name {
            const NOUN: &'static str = $noun;
            const TAG: Option<(&'static str, Option<&'static str>)> =
                $crate::language::one_of!(@tag $($tag $(or $default)?)?);
            const KINDS: &'static [$crate::language::Kind<Self>] = &[
                $( $crate::language::Kind {
                    name: $key,
                    forms: <$type as $crate::language::Part>::forms,
                    read: |entries, problems| {
                        <$type as $crate::language::Part>::read(entries, problems).map(Self::$variant)
                    },
                }, )*
            ];
        }

        impl $crate::language::Part for $name {
            fn forms() -> Vec<$crate::language::Form> {
                $crate::language::forms_of_kinds::<Self>()
            }

            fn read(
                entries: &mut $crate::language::Entries<'_>,
                problems: &mut $crate::language::Problems,
            ) -> Option<Self> {
                $crate::language::read_kind(entries, problems)
            }
        }

        $crate::language::section!(@decode $name, concat!($($about, "\n"),*));
    };
    (@tag) => { None };
    (@tag $tag:literal) => { Some(($tag, None)) };
    (@tag $tag:literal or $default:literal) => { Some(($tag, Some($default))) };
}
pub(crate) use one_of;
