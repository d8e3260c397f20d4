//! Tags, whose keys may repeat, as attributes, whose keys may not.

use std::collections::{HashMap, HashSet};

use crate::{Attribute, AttributeValue, Attributes};

/// One attribute for each key: the last value, at the first place.
pub(super) fn unique(tags: Attributes) -> Attributes {
    let mut keys = HashSet::with_capacity(tags.0.len());
    if tags.iter().all(|tag| keys.insert(tag.key.as_str())) {
        return tags;
    }
    let mut places = HashMap::new();
    let mut unique: Vec<Attribute> = Vec::new();
    for tag in tags.0 {
        match places.get(&tag.key).and_then(|place: &usize| unique.get_mut(*place)) {
            Some(earlier) => earlier.value = tag.value,
            None => {
                places.insert(tag.key.clone(), unique.len());
                unique.push(tag);
            }
        }
    }
    Attributes(unique)
}

/// Takes out the first attribute of the key if it is text.
pub(super) fn take_text(attributes: &mut Attributes, key: &str) -> Option<String> {
    let place = attributes.iter().position(|attribute| attribute.key == key)?;
    attributes.get(key)?.as_str()?;
    match attributes.0.remove(place).value {
        AttributeValue::String(text) => Some(text),
        _ => None,
    }
}

/// Takes out every attribute of the key.
pub(super) fn remove(attributes: &mut Attributes, key: &str) {
    attributes.0.retain(|attribute| attribute.key != key);
}

/// Gives an attribute another key, unless that one is taken.
pub(super) fn rename(attributes: &mut Attributes, from: &str, to: &str) {
    if attributes.get(to).is_some() {
        return;
    }
    if let Some(attribute) = attributes.0.iter_mut().find(|attribute| attribute.key == from) {
        to.clone_into(&mut attribute.key);
    }
}
