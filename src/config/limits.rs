use clap::Args;

use crate::graphql::Limits;

/// Limits of a request. Each holds whatever its document says, and is
/// looked at before any work is done.
#[derive(Args, Debug, Clone)]
#[command(next_help_heading = "Limits")]
pub struct LimitOptions {
    /// The largest request body, in bytes, as it comes and decompressed.
    #[arg(long, env = "CRM_BODY_LIMIT", default_value_t = 256 * 1024, global = true)]
    pub body_limit: usize,

    /// The most tokens of a document.
    #[arg(long, env = "CRM_LIMIT_TOKENS", default_value_t = Limits::default().tokens, global = true)]
    limit_tokens: usize,

    /// The most fields of a document, fragments expanded.
    #[arg(long, env = "CRM_LIMIT_FIELDS", default_value_t = Limits::default().fields, global = true)]
    limit_fields: usize,

    /// Deepest nesting of fields.
    #[arg(long, env = "CRM_LIMIT_DEPTH", default_value_t = Limits::default().depth, global = true)]
    limit_depth: usize,

    /// The most aliases of a document, fragments expanded.
    #[arg(long, env = "CRM_LIMIT_ALIASES",
        default_value_t = Limits::default().aliases, global = true)]
    limit_aliases: usize,

    /// The most that a query may cost: one for each field of the answer at its largest.
    #[arg(long, env = "CRM_LIMIT_COST", default_value_t = Limits::default().cost, global = true)]
    limit_cost: u64,

    /// The largest answer, in bytes; what would make it larger is left out, with an error.
    #[arg(long, env = "CRM_LIMIT_ANSWER_BYTES", default_value_t = 16 * 1024 * 1024,
        value_parser = clap::value_parser!(u32).range(1024..), global = true)]
    limit_answer_bytes: u32,

    /// The most errors of an answer.
    #[arg(long, env = "CRM_LIMIT_ERRORS", default_value_t = 10,
        value_parser = clap::value_parser!(u16).range(1..), global = true)]
    limit_errors: u16,
}

impl LimitOptions {
    /// The limits of documents.
    pub fn limits(&self) -> Limits {
        Limits {
            tokens: self.limit_tokens,
            fields: self.limit_fields,
            depth: self.limit_depth,
            aliases: self.limit_aliases,
            cost: self.limit_cost,
            answer_bytes: self.limit_answer_bytes as usize,
            errors: self.limit_errors.into(),
            ..Limits::default()
        }
    }
}
