use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use async_graphql::parser::types::{Field, Selection, SelectionSet};
use async_graphql::{ContextSelectionSet, Name, Positioned};

use crate::graphql::execute::raw_json::write;
use crate::graphql::execute::sync_object::{ChildOf, FieldWriter, SyncObject};
use crate::graphql::prepare::PreparedRequest;
use crate::graphql::prepare::TYPE_MARKER;

/// The plan by which objects of a type are written, made once for a list.
pub(in crate::graphql) struct Plan<'a, T: SyncObject>(Vec<(&'a Name, Step<'a, T>)>);

enum Step<'a, T: SyncObject> {
    TypeName,
    Write(FieldWriter<T>),
    Child(Box<dyn Below<T> + Send + Sync + 'a>),
    Resolve(&'a Positioned<Field>),
}

/// The plan of a child. The types of children could go on for ever, as far as the compiler knows.
trait Below<T> {
    /// True if the child is known.
    fn is_ready(&self, object: &T) -> bool;
    /// Returns nothing if it is not.
    fn write(&self, ctx: &ContextSelectionSet<'_>, object: &T, json: &mut Vec<u8>) -> Option<()>;
}

struct Child<'a, T: SyncObject> {
    way: ChildOf<T>,
    plan: Plan<'a, T::Child>,
}

impl<T: SyncObject> Below<T> for Child<'_, T> {
    fn is_ready(&self, object: &T) -> bool {
        let child = (self.way)(object);
        child.is_some_and(|child| child.is_none_or(|child| self.plan.is_ready(child)))
    }

    fn write(&self, ctx: &ContextSelectionSet<'_>, object: &T, json: &mut Vec<u8>) -> Option<()> {
        match (self.way)(object)? {
            Some(child) => self.plan.write(ctx, child, json)?,
            None => json.extend_from_slice(b"null"),
        }
        Some(())
    }
}

impl<'a, T: SyncObject> Plan<'a, T> {
    /// The plan for this selection; nothing if it is not plain, or must be merged with another.
    pub(in crate::graphql) fn of(ctx: &ContextSelectionSet<'a>) -> Option<Self> {
        let request: &Arc<PreparedRequest> = ctx.data_opt()?;
        if request.document.has_merges {
            return None;
        }
        let mut plan = Self(Vec::new());
        plan.add(ctx, &ctx.item.node)?;
        Some(plan)
    }

    fn add(&mut self, ctx: &ContextSelectionSet<'a>, set: &'a SelectionSet) -> Option<()> {
        for item in &set.items {
            let (on, directives, set) = match &item.node {
                Selection::Field(field) => {
                    self.add_field(ctx, field)?;
                    continue;
                }
                Selection::InlineFragment(inline) => {
                    let on = inline.node.type_condition.as_ref();
                    (on, &inline.node.directives, &inline.node.selection_set)
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    let fragment = &ctx.query_env.fragments.get(name)?.node;
                    if !fragment.directives.is_empty() {
                        return None;
                    }
                    let on = Some(&fragment.type_condition);
                    (on, &spread.node.directives, &fragment.selection_set)
                }
            };
            let is_for_all = on.is_none_or(|on| on.node.on.node == *T::type_name());
            if !is_for_all || !directives.is_empty() {
                return None;
            }
            self.add(ctx, &set.node)?;
        }
        Some(())
    }

    fn add_field(
        &mut self,
        ctx: &ContextSelectionSet<'a>,
        field: &'a Positioned<Field>,
    ) -> Option<()> {
        let key = &field.node.response_key().node;
        if key == TYPE_MARKER {
            return Some(());
        }
        if !field.node.directives.is_empty() {
            return None;
        }
        if self.0.iter().any(|(known, _)| *known == key) {
            // The same leaf once more: nothing has to be merged.
            return Some(());
        }
        let name = field.node.name.node.as_str();
        let step = if name == "__typename" {
            Step::TypeName
        } else if let Some(writer) = T::writer(name) {
            Step::Write(writer)
        } else {
            Self::child(ctx, field).unwrap_or(Step::Resolve(field))
        };
        self.0.push((key, step));
        Some(())
    }

    /// The step to a child of which everything can be written.
    fn child(ctx: &ContextSelectionSet<'a>, field: &'a Positioned<Field>) -> Option<Step<'a, T>> {
        let way = T::child(&field.node.name.node)?;
        let mut plan = Plan(Vec::new());
        plan.add(ctx, &field.node.selection_set.node)?;
        let is_plain = plan
            .0
            .iter()
            .all(|(_, step)| !matches!(step, Step::Resolve(_)));
        is_plain.then(|| Step::Child(Box::new(Child { way, plan })))
    }

    /// True if nothing of this object has to wait.
    pub(in crate::graphql) fn is_ready(&self, object: &T) -> bool {
        self.0.iter().all(|(_, step)| match step {
            Step::TypeName | Step::Write(_) => true,
            Step::Child(child) => child.is_ready(object),
            Step::Resolve(field) => object.is_ready(&field.node),
        })
    }

    /// Writes an object that is ready. Returns nothing if it was not.
    pub(in crate::graphql) fn write(
        &self,
        ctx: &ContextSelectionSet<'_>,
        object: &T,
        json: &mut Vec<u8>,
    ) -> Option<()> {
        json.push(b'{');
        let first = json.len();
        for (key, step) in &self.0 {
            let before = json.len();
            if before > first {
                json.push(b',');
            }
            json.push(b'"');
            json.extend_from_slice(key.as_bytes());
            json.extend_from_slice(b"\":");
            match step {
                Step::TypeName => write(&object.introspection_type_name(), json),
                Step::Write(writer) => writer(object, json),
                Step::Child(child) => child.write(ctx, object, json)?,
                Step::Resolve(field) => {
                    let ctx_field = ctx.with_field(field);
                    // Polled where it stands: these futures have a kilobyte and more, and moving
                    // them about was a fifth of the work.
                    let answer = pin!(object.resolve_field(&ctx_field));
                    match answer.poll(&mut Context::from_waker(Waker::noop())) {
                        Poll::Ready(Ok(value)) => write(&value.unwrap_or_default(), json),
                        Poll::Ready(Err(error)) => {
                            ctx.add_error(error);
                            json.truncate(before);
                        }
                        Poll::Pending => return None,
                    }
                }
            }
        }
        json.push(b'}');
        Some(())
    }
}
