use async_graphql::{ID, MaybeUndefined};
use uuid::Uuid;

use crate::graphql::attempt::uuid;
use crate::service::validation::FieldErrors;

/// The most malformed ids of a list that are named.
const MOST_NAMED: usize = 100;

/// Reads an input object and refuses empty parts: null or an empty list could be a forgotten value, and
/// would select more than was meant.
pub(in crate::graphql::lead) struct Reader<'a> {
    path: String,
    faults: &'a mut FieldErrors,
    is_empty: bool,
}

/// An input object that a [`Reader`] can read.
pub(in crate::graphql::lead) trait Readable {
    /// The type of the value read; its default if it could not be read.
    type Read: Default;

    /// Reads each of its fields.
    fn read(self, reader: &mut Reader<'_>) -> Self::Read;
}

impl<'a> Reader<'a> {
    pub(in crate::graphql::lead) fn new(path: String, faults: &'a mut FieldErrors) -> Self {
        Self {
            path,
            faults,
            is_empty: true,
        }
    }

    /// The value of a field, if it is given.
    pub(in crate::graphql::lead) fn take<T>(
        &mut self,
        name: &str,
        value: MaybeUndefined<T>,
    ) -> Option<T> {
        match value {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => {
                self.add(
                    name,
                    "must not be null: a condition that is not meant is left out",
                );
                None
            }
            MaybeUndefined::Value(value) => {
                self.is_empty = false;
                Some(value)
            }
        }
    }

    /// A list that must not be empty.
    pub(in crate::graphql::lead) fn some<T>(
        &mut self,
        name: &str,
        values: MaybeUndefined<Vec<T>>,
    ) -> Option<Vec<T>> {
        let values = self.take(name, values)?;
        if values.is_empty() {
            self.says_nothing(name);
        }
        Some(values)
    }

    /// The ids of a list. The first hundred malformed ones are named.
    pub(in crate::graphql::lead) fn ids(
        &mut self,
        name: &str,
        ids: MaybeUndefined<Vec<ID>>,
    ) -> Option<Vec<Uuid>> {
        let mut malformed = 0;
        let mut read = Vec::new();
        for (at, id) in self.take(name, ids)?.iter().enumerate() {
            let id = uuid(&format!("{}.{name}.{at}", self.path), id);
            malformed += usize::from(id.is_err());
            if id.is_ok() || malformed <= MOST_NAMED {
                read.extend(self.faults.absorb(id).ok().flatten());
            }
        }
        Some(read)
    }

    /// A nested input object.
    pub(in crate::graphql::lead) fn object<T: Readable>(
        &mut self,
        name: &str,
        value: MaybeUndefined<T>,
    ) -> T::Read {
        let value = self.take(name, value);
        value
            .map(|value| self.inner(name, value))
            .unwrap_or_default()
    }

    /// A nested input object, if it is given.
    pub(in crate::graphql::lead) fn boxed<T: Readable>(
        &mut self,
        name: &str,
        value: MaybeUndefined<Box<T>>,
    ) -> Option<Box<T::Read>> {
        let value = self.take(name, value)?;
        Some(Box::new(self.inner(name, *value)))
    }

    /// A list of input objects, at least one.
    pub(in crate::graphql::lead) fn objects<T: Readable>(
        &mut self,
        name: &str,
        values: MaybeUndefined<Vec<T>>,
    ) -> Option<Vec<T::Read>> {
        let values = self.some(name, values)?.into_iter().enumerate();
        let values = values.map(|(at, value)| self.inner(&format!("{name}.{at}"), value));
        Some(values.collect())
    }

    pub(in crate::graphql::lead) fn says_nothing(&mut self, name: &str) {
        self.add(name, SAYS_NOTHING);
    }

    fn inner<T: Readable>(&mut self, name: &str, value: T) -> T::Read {
        let mut inner = Reader::new(format!("{}.{name}", self.path), self.faults);
        let read = value.read(&mut inner);
        if inner.is_empty {
            inner.faults.add(&inner.path, SAYS_NOTHING);
        }
        read
    }

    fn add(&mut self, name: &str, message: &str) {
        self.is_empty = false;
        self.faults.add(&format!("{}.{name}", self.path), message);
    }
}

const SAYS_NOTHING: &str = "must not be empty: a condition that is not meant is left out";
