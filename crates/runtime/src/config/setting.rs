use super::{review::Review, spelling, value::Value};

/// What the command line, the file and the environment need to know of one setting.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// The key in the file; flag and variable are the same word in their own spelling.
    pub key: &'static str,
    pub(super) help: &'static str,
    pub(super) value_name: &'static str,
    pub(super) is_switch: bool,
}

/// A struct of settings, written with [`settings!`](crate::settings).
pub trait Settings: Sized {
    /// Describes every setting, in the order of the struct.
    fn table() -> Vec<Setting>;

    /// Takes every setting from what was given, or its default.
    fn read(review: &mut Review) -> Self;

    /// Writes every setting: key and text, if it is set.
    fn texts(&self) -> Vec<(&'static str, Option<String>)>;
}

// === impl Setting ===

impl Setting {
    /// Describes a setting of type `T`.
    #[must_use]
    pub fn of<T: Value>(key: &'static str, help: &'static str) -> Self {
        Self { key, help: help.trim(), value_name: T::NAME, is_switch: T::SWITCH }
    }

    pub(super) fn flag(&self) -> String {
        spelling::flag(self.key)
    }

    pub(super) fn variable(&self) -> String {
        spelling::variable(self.key)
    }
}

/// Declares a struct of settings: name, type, default and help of each are written once, and flag,
/// file key and environment variable follow from the name.
///
/// A default may use the settings above it. Behind them, `..name: Type` takes in all settings of another such struct.
///
/// ```
/// use std::time::Duration;
///
/// jaeger_dynamodb_runtime::settings! {
///     /// Settings of an example.
///     pub struct Example {
///         /// How often to look
///         every: Duration = Duration::from_secs(30),
///         /// How long to wait for an answer
///         patience: Duration = every / 2,
///         /// Whom to greet
///         greet: Option<String> = None,
///         ..place: Place,
///     }
/// }
///
/// jaeger_dynamodb_runtime::settings! {
///     /// Settings that several programs have.
///     pub struct Place {
///         /// Where to be
///         room: String = "hall".to_owned(),
///     }
/// }
/// ```
#[macro_export]
macro_rules! settings {
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident {
            $( $(#[doc = $help:literal])+ $field:ident : $type:ty = $default:expr, )+
            $( .. $group:ident : $group_type:ty, )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        $vis struct $name {
            $( $(#[doc = $help])+ $vis $field: $type, )+
            $( $vis $group: $group_type, )*
        }

        impl $crate::config::Settings for $name {
            fn table() -> Vec<$crate::config::Setting> {
                let own = vec![$( $crate::config::Setting::of::<$type>(stringify!($field), concat!($($help),+)), )+];
                let groups: Vec<Vec<$crate::config::Setting>> =
                    vec![$( <$group_type as $crate::config::Settings>::table(), )*];
                own.into_iter().chain(groups.into_iter().flatten()).collect()
            }

            fn read(review: &mut $crate::config::Review) -> Self {
                $( let $field: $type = review.read(stringify!($field), $default); )+
                $( let $group = <$group_type as $crate::config::Settings>::read(review); )*
                Self { $($field,)+ $($group,)* }
            }

            fn texts(&self) -> Vec<(&'static str, Option<String>)> {
                let own = vec![$( (stringify!($field), $crate::config::Value::text(&self.$field)), )+];
                let groups: Vec<Vec<(&'static str, Option<String>)>> =
                    vec![$( $crate::config::Settings::texts(&self.$group), )*];
                own.into_iter().chain(groups.into_iter().flatten()).collect()
            }
        }
    };
}
