//! The HTTP edge: turns requests into calls on the schema.

pub mod graphiql;
