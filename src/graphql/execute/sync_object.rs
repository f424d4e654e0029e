use std::borrow::Cow;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use async_graphql::parser::types::{Field, Selection, SelectionSet};
use async_graphql::registry::Registry;
use async_graphql::resolver_utils::{resolve_container, resolve_list};
use async_graphql::{
    ContainerType, ContextSelectionSet, Name, OutputType, Positioned, ServerResult, Value,
};

use crate::graphql::execute::answer_size::AnswerSize;
use crate::graphql::execute::raw_json::{left_out, raw_json, write};
use crate::graphql::prepare::{PreparedRequest, TYPE_MARKER};

/// An object that knows which of its fields can be resolved without waiting.
pub trait SyncObject: ContainerType + OutputType + 'static {
    /// The object that some of the fields lead to.
    type Child: SyncObject;

    /// True if this field of this object, and all that is selected below it, can be answered at
    /// once. Its resolver is then polled a single time.
    fn is_ready(&self, field: &Field) -> bool;

    /// True if all that is selected can be answered at once, one field after the other: there is
    /// nothing but fields, no fragment, no directive.
    fn are_ready(&self, set: &SelectionSet) -> bool {
        set.items.iter().all(|item| match &item.node {
            Selection::Field(field) => {
                field.node.directives.is_empty() && self.is_ready(&field.node)
            }
            Selection::FragmentSpread(_) | Selection::InlineFragment(_) => false,
        })
    }

    /// The JSON writer of the field of this name, if it needs no arguments and no waiting.
    fn writer(_field: &str) -> Option<FieldWriter<Self>> {
        None
    }

    /// The accessor of the child in the field of this name.
    fn child(_field: &str) -> Option<ChildOf<Self>> {
        None
    }
}

/// Adds a field's value to JSON: the same that its resolver answers.
pub type FieldWriter<T> = fn(&T, &mut Vec<u8>);

/// True if a field in the API is called like this in Rust: `firstName` like `first_name`.
pub(in crate::graphql) fn is_named(field: &str, name: &str) -> bool {
    let mut letters = name.bytes();
    let is_same = field.bytes().all(|letter| match letters.next() {
        Some(b'_') => letters.next().map(|letter| letter.to_ascii_uppercase()) == Some(letter),
        is => is == Some(letter),
    });
    is_same && letters.next().is_none()
}

/// Returns a child: the outer `None` if it is not loaded yet, the inner `None` if there is none.
pub type ChildOf<T> = for<'a> fn(&'a T) -> Option<Option<&'a <T as SyncObject>::Child>>;

/// An object that is written directly as JSON if possible, in the query's order, without a future and
/// a value for each field.
///
/// The library's own way boxes a future for each field and polls them through a queue. On a page of 50
/// leads with 12 fields that was more than half of the server's work; fields that wait, and selections
/// that are not plain, still use it. Extensions that look at single fields are not called: the schema
/// has none.
#[derive(Clone)]
pub struct RawObject<T>(pub T);

/// A list of such objects.
pub struct RawList<'a, T>(pub Vec<&'a RawObject<T>>);

impl<T: SyncObject> RawObject<T> {
    /// The answer, if no part of it has to wait.
    async fn now(&self, ctx: &ContextSelectionSet<'_>) -> Option<Value> {
        let plan = Plan::of(ctx).filter(|plan| plan.is_ready(&self.0))?;
        let size: &AnswerSize = ctx.data_opt::<Arc<AnswerSize>>()?;
        let before = size.written();
        let mut json = Vec::with_capacity(512);
        plan.write(ctx, &self.0, &mut json)?;
        Some(match count_written(ctx, size, before + json.len()).await {
            true => raw_json(json),
            false => left_out(),
        })
    }
}

impl<T: SyncObject> RawList<'_, T> {
    async fn now(&self, ctx: &ContextSelectionSet<'_>) -> Option<Value> {
        let plan = Plan::of(ctx)?;
        if !self.0.iter().all(|row| plan.is_ready(&row.0)) {
            return None;
        }
        let size: &AnswerSize = ctx.data_opt::<Arc<AnswerSize>>()?;
        let mut json = Vec::with_capacity(2 + 512 * self.0.len());
        json.push(b'[');
        for (index, row) in self.0.iter().enumerate() {
            if index > 0 {
                json.push(b',');
            }
            let (before, start) = (size.written(), json.len());
            plan.write(&ctx.with_index(index), &row.0, &mut json)?;
            if !count_written(ctx, size, before + json.len() - start).await {
                return Some(left_out());
            }
        }
        json.push(b']');
        Some(raw_json(json))
    }
}

/// Counts the answer's bytes up to `up_to`; those of resolved fields are counted already. Returns
/// true if they are within the limit.
async fn count_written(ctx: &ContextSelectionSet<'_>, size: &AnswerSize, up_to: usize) -> bool {
    size.add(up_to.saturating_sub(size.written()));
    if size.is_large() {
        size.room().await;
    }
    !size.is_beyond() || size.is_kept(ctx.path_node.as_ref(), false)
}

impl<T: SyncObject> OutputType for RawObject<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn introspection_type_name(&self) -> Cow<'static, str> {
        OutputType::introspection_type_name(&self.0)
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    async fn resolve(
        &self,
        ctx: &ContextSelectionSet<'_>,
        _field: &Positioned<Field>,
    ) -> ServerResult<Value> {
        match self.now(ctx).await {
            Some(value) => Ok(value),
            None => Box::pin(resolve_container(ctx, &self.0)).await,
        }
    }
}

impl<T: SyncObject> OutputType for RawList<'_, T> {
    fn type_name() -> Cow<'static, str> {
        <Vec<RawObject<T>> as OutputType>::type_name()
    }

    fn qualified_type_name() -> String {
        <Vec<RawObject<T>> as OutputType>::qualified_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <Vec<RawObject<T>> as OutputType>::create_type_info(registry)
    }

    async fn resolve(
        &self,
        ctx: &ContextSelectionSet<'_>,
        field: &Positioned<Field>,
    ) -> ServerResult<Value> {
        if let Some(value) = self.now(ctx).await {
            return Ok(value);
        }
        let rows = &self.0;
        // Rows wait together, so that their look-ups are batched.
        Box::pin(resolve_list(
            ctx,
            field,
            rows.iter().copied(),
            Some(rows.len()),
        ))
        .await
    }
}

/// The plan by which objects of a type are written, made once for a list.
struct Plan<'a, T: SyncObject>(Vec<(&'a Name, Step<'a, T>)>);

enum Step<'a, T: SyncObject> {
    TypeName,
    Write(FieldWriter<T>),
    Child(Box<dyn Below<T> + Send + Sync + 'a>),
    Resolve(&'a Positioned<Field>),
}

/// The plan of a child, as a trait object: to the compiler the types of children could nest for ever.
trait Below<T> {
    /// True if the child is loaded.
    fn is_ready(&self, object: &T) -> bool;
    /// Writes the child; `None` if it is not loaded.
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
    /// The plan for this selection; `None` if it is not plain, or must be merged with another.
    fn of(ctx: &ContextSelectionSet<'a>) -> Option<Self> {
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
            // A repeated leaf field: nothing has to be merged.
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

    /// The step for a child, if all of its selection can be written.
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
    fn is_ready(&self, object: &T) -> bool {
        self.0.iter().all(|(_, step)| match step {
            Step::TypeName | Step::Write(_) => true,
            Step::Child(child) => child.is_ready(object),
            Step::Resolve(field) => object.is_ready(&field.node),
        })
    }

    /// Writes an object that is ready. Returns nothing if it was not.
    fn write(&self, ctx: &ContextSelectionSet<'_>, object: &T, json: &mut Vec<u8>) -> Option<()> {
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
                    // Pinned in place: these futures have a kilobyte or more, and moving them was a
                    // fifth of the work.
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
