/// A Rust enum that is stored as the PostgreSQL enum of the same values.
///
/// Each variant is given with its name in PostgreSQL, which serde and `as_str` use, too.
macro_rules! pg_enum {
    ($(#[$doc:meta])* $name:ident: $sql_type:path {
        $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+
    }) => {
        $(#[$doc])*
        #[derive(
            diesel::expression::AsExpression, diesel::deserialize::FromSqlRow,
            serde::Serialize, serde::Deserialize,
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash,
        )]
        #[diesel(sql_type = $sql_type)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// Every value, in the order in which PostgreSQL sorts them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The value's name in the database and in the API.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl diesel::serialize::ToSql<$sql_type, diesel::pg::Pg> for $name {
            fn to_sql<'b>(
                &'b self,
                out: &mut diesel::serialize::Output<'b, '_, diesel::pg::Pg>,
            ) -> diesel::serialize::Result {
                std::io::Write::write_all(out, self.as_str().as_bytes())?;
                Ok(diesel::serialize::IsNull::No)
            }
        }

        impl diesel::deserialize::FromSql<$sql_type, diesel::pg::Pg> for $name {
            fn from_sql(value: diesel::pg::PgValue<'_>) -> diesel::deserialize::Result<Self> {
                match value.as_bytes() {
                    $(bytes if bytes == $word.as_bytes() => Ok(Self::$variant),)+
                    other => Err(format!(
                        "unknown {} {:?}", stringify!($name), String::from_utf8_lossy(other)
                    ).into()),
                }
            }
        }
    };
}
pub(crate) use pg_enum;
