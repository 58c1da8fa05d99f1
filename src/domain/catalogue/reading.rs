//! Reads values out of a [`Node`]: one field at a time, so that ten faults in a file are ten
//! faults and not the first of them; and any serde type whole, for the parts that other modules
//! own (ladders, standards, routing rules).

use std::fmt;

use serde::de::{
    self, Deserialize, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess,
    SeqAccess, VariantAccess, Visitor,
};

use super::fault::Fault;
use super::node::{Held, Node, Place};

/// A table being read. What nobody asked for is a fault when it is closed.
pub(super) struct Fields<'n, 'f> {
    node: &'n Node,
    taken: Vec<&'static str>,
    faults: &'f mut Vec<Fault>,
}

impl<'n, 'f> Fields<'n, 'f> {
    pub(super) fn of(node: &'n Node, faults: &'f mut Vec<Fault>) -> Self {
        if !matches!(node.held, Held::Table(_)) {
            faults.push(node.place.fault("this must be a table"));
        }
        Self {
            node,
            taken: Vec::new(),
            faults,
        }
    }

    /// A value that must be there; where it is not, a fault is noted and a blank stands in.
    pub(super) fn required<T: Deserialize<'n> + Default>(&mut self, key: &'static str) -> T {
        let is_given = self
            .node
            .get(key)
            .is_some_and(|node| !matches!(node.held, Held::Nothing));
        if !is_given {
            self.fault_at(key, format!("`{key}` is missing"));
        }
        self.optional(key).unwrap_or_default()
    }

    /// A value that may be there.
    pub(super) fn optional<T: Deserialize<'n>>(&mut self, key: &'static str) -> Option<T> {
        let node = self.child(key)?;
        match read::<Option<T>>(node) {
            Ok(value) => value,
            Err(mut fault) => {
                fault.message = format!("`{key}`: {}", fault.message);
                self.faults.push(fault);
                None
            }
        }
    }

    /// A part that is read further by the caller.
    pub(super) fn child(&mut self, key: &'static str) -> Option<&'n Node> {
        if !self.taken.contains(&key) {
            self.taken.push(key);
        }
        self.node.get(key)
    }

    /// Notes a fault at that key, or at the table when the key is not there.
    pub(super) fn fault_at(&mut self, key: &str, message: impl Into<String>) {
        let place = self
            .node
            .get(key)
            .map_or(&self.node.place, |node| &node.place);
        self.faults.push(place.fault(message));
    }

    /// To read a part of the table.
    pub(super) fn faults(&mut self) -> &mut Vec<Fault> {
        self.faults
    }

    /// Names every key nobody asked for.
    pub(super) fn close(self) {
        for (key, node) in self.node.entries() {
            if !self.taken.iter().any(|known| known == key) {
                self.faults.push(node.place.fault(format!(
                    "`{key}` is not known here; known are: {}",
                    self.taken.join(", ")
                )));
            }
        }
    }
}

/// Reads a whole value.
pub(super) fn read<'n, T: Deserialize<'n>>(node: &'n Node) -> Result<T, Fault> {
    T::deserialize(node).map_err(|misread| {
        misread
            .place
            .unwrap_or_else(|| node.place.clone())
            .fault(misread.message)
    })
}

/// Why a value could not be read, and where, once that is known.
#[derive(Debug)]
pub(super) struct Misread {
    message: String,
    place: Option<Place>,
}

impl Misread {
    /// The innermost place wins.
    fn at(mut self, place: &Place) -> Self {
        self.place.get_or_insert_with(|| place.clone());
        self
    }
}

impl fmt::Display for Misread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Misread {}

impl de::Error for Misread {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self {
            message: message.to_string(),
            place: None,
        }
    }
}

impl<'de> Deserializer<'de> for &'de Node {
    type Error = Misread;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misread> {
        match &self.held {
            Held::Nothing => visitor.visit_unit(),
            Held::Truth(truth) => visitor.visit_bool(*truth),
            Held::Whole(whole) => visitor.visit_i64(*whole),
            Held::Large(number) => visitor.visit_u64(*number),
            Held::Number(number) => visitor.visit_f64(*number),
            Held::Text(text) => visitor.visit_borrowed_str(text),
            Held::List(list) => visitor.visit_seq(Items(list.iter())),
            Held::Table(entries) => visitor.visit_map(Entries {
                rest: entries.iter(),
                next: None,
            }),
        }
        .map_err(|misread| misread.at(&self.place))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misread> {
        match self.held {
            Held::Nothing => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Misread> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misread> {
        match &self.held {
            Held::Text(word) => visitor.visit_enum(word.as_str().into_deserializer()),
            Held::Table(entries) => match entries.as_slice() {
                [(word, content)] => visitor.visit_enum(Worded { word, content }),
                _ => Err(de::Error::custom("exactly one of these may be given here")),
            },
            _ => Err(de::Error::custom("a word is needed here")),
        }
        .map_err(|misread: Misread| misread.at(&self.place))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

struct Items<'de>(std::slice::Iter<'de, Node>);

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Misread;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Misread> {
        self.0
            .next()
            .map(|node| {
                seed.deserialize(node)
                    .map_err(|misread| misread.at(&node.place))
            })
            .transpose()
    }
}

struct Entries<'de> {
    rest: std::slice::Iter<'de, (String, Node)>,
    next: Option<&'de Node>,
}

impl<'de> MapAccess<'de> for Entries<'de> {
    type Error = Misread;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Misread> {
        let Some((key, node)) = self.rest.next() else {
            return Ok(None);
        };
        self.next = Some(node);
        seed.deserialize(de::value::BorrowedStrDeserializer::new(key))
            .map(Some)
            .map_err(|misread: Misread| misread.at(&node.place))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Misread> {
        let Some(node) = self.next.take() else {
            return Err(de::Error::custom("a value was asked for before its key"));
        };
        seed.deserialize(node)
            .map_err(|misread| misread.at(&node.place))
    }
}

struct Worded<'de> {
    word: &'de str,
    content: &'de Node,
}

impl<'de> EnumAccess<'de> for Worded<'de> {
    type Error = Misread;
    type Variant = &'de Node;

    fn variant_seed<V: DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> Result<(V::Value, Self::Variant), Misread> {
        let word = seed
            .deserialize(de::value::BorrowedStrDeserializer::new(self.word))
            .map_err(|misread: Misread| misread.at(&self.content.place))?;
        Ok((word, self.content))
    }
}

impl<'de> VariantAccess<'de> for &'de Node {
    type Error = Misread;

    fn unit_variant(self) -> Result<(), Misread> {
        Err(Misread {
            message: "this takes no value".to_owned(),
            place: Some(self.place.clone()),
        })
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Misread> {
        seed.deserialize(self)
            .map_err(|misread| misread.at(&self.place))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Result<V::Value, Misread> {
        self.deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misread> {
        self.deserialize_any(visitor)
    }
}
