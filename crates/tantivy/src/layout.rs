//! Maps the fields that people declare to the fields of a tantivy schema. The inner names are our own (`field_0`,
//! `field_1`, in column order), because a column may be called anything and tantivy gives dots and signs a meaning.

use stead_engine::search::{Definition, FieldKind};
use stead_engine::{EngineError, ErrorClass, Value};
use tantivy::TantivyDocument;
use tantivy::schema::{
    BytesOptions, DateOptions, DateTimePrecision, Field, IndexRecordOption, NumericOptions, Schema, SchemaBuilder,
    TextFieldIndexing, TextOptions,
};

use crate::convert::{Converted, Unfit, convert, key_text, shortened};
use crate::{stored, words};

/// The inner name of the field with the key's exact text.
pub(crate) const KEY: &str = "key";
/// The inner name of the field with the whole document.
pub(crate) const DOCUMENT: &str = "document";

/// What a document takes besides the bytes of its values, about.
const OVERHEAD: usize = 256;

/// A definition and the schema made from it.
#[derive(Clone)]
pub(crate) struct Layout {
    pub(crate) definition: Definition,
    pub(crate) schema: Schema,
    pub(crate) key: Field,
    pub(crate) document: Field,
    /// In the order of the definition.
    pub(crate) fields: Vec<Field>,
    /// The place of the key among the fields.
    pub(crate) key_place: usize,
}

/// A row that was made into a document.
pub(crate) struct Laid {
    pub(crate) key: String,
    pub(crate) document: TantivyDocument,
    /// Its memory in bytes, about.
    pub(crate) weight: usize,
}

impl Layout {
    /// Lays out an index.
    ///
    /// # Errors
    ///
    /// Class `syntax` if the definition has no field for its key, two fields of one name, or a boost that is not a
    /// positive number.
    pub(crate) fn of(definition: &Definition) -> Result<Self, EngineError> {
        let key_place = check(definition)?;
        let mut schema = Schema::builder();
        let numeric_key = definition.fields[key_place].kind == FieldKind::Integer;
        let key = schema.add_text_field(KEY, exact(!numeric_key));
        let document = schema.add_bytes_field(DOCUMENT, BytesOptions::default().set_stored());
        let fields = definition.fields.iter().enumerate();
        let fields =
            fields.map(|(place, field)| add(&mut schema, place, field.kind, field.language.as_deref())).collect();
        Ok(Self { definition: definition.clone(), schema: schema.build(), key, document, fields, key_place })
    }

    /// Makes a document of a row. The bytes are room to work in, which serves one row after the other.
    ///
    /// # Errors
    ///
    /// Class `constraint` with the key and the field of a value that does not fit.
    pub(crate) fn lay(&self, row: &[Value], bytes: &mut Vec<u8>) -> Result<Laid, EngineError> {
        let wanted = self.fields.len();
        if row.len() != wanted {
            let text = format!("a document of {} values was given to an index of {wanted} fields", row.len());
            return Err(EngineError::new(ErrorClass::Bug, text));
        }
        let key_name = &self.definition.key;
        let key = key_text(&row[self.key_place]).map_err(|unfit| refusal("a document", key_name, &unfit))?;
        let capacity = capacity(row, &key);
        let mut document = TantivyDocument::with_capacity(capacity);
        document.add_text(self.key, &key);
        bytes.clear();
        for ((value, declared), field) in row.iter().zip(&self.definition.fields).zip(&self.fields) {
            let named = |unfit| refusal(&format!("document `{}`", shortened(&key)), &declared.name, &unfit);
            put(&mut document, *field, convert(declared.kind, value).map_err(named)?);
            let fits = value.as_text().is_none_or(|text| u32::try_from(text.len()).is_ok());
            let kept = if declared.stored { value } else { &Value::Null };
            fits.then(|| stored::encode(kept, bytes)).ok_or_else(|| named(Unfit::TooMuch))?;
        }
        document.add_bytes(self.document, bytes);
        Ok(Laid { key: key.into_owned(), document, weight: capacity + OVERHEAD })
    }
}

/// The bytes of a row's document, about: a word is kept in its field and once more as part of the whole. Room that is made
/// at once need not be moved when it grows.
fn capacity(row: &[Value], key: &str) -> usize {
    let value = |value: &Value| 2 * (value.as_text().map_or(8, str::len) + 8);
    row.iter().map(value).sum::<usize>() + key.len() + 16
}

fn refusal(document: &str, field: &str, unfit: &Unfit) -> EngineError {
    EngineError::new(ErrorClass::Constraint, format!("{document} does not fit field `{field}`: {unfit}"))
        .hint(unfit.hint())
}

fn check(definition: &Definition) -> Result<usize, EngineError> {
    let name = &definition.name;
    let refuse = |text: String| Err(EngineError::new(ErrorClass::Syntax, format!("index `{name}`: {text}")));
    for (place, field) in definition.fields.iter().enumerate() {
        if definition.fields[..place].iter().any(|other| other.name == field.name) {
            return refuse(format!("there are two fields `{}`", field.name));
        }
        if !(field.boost.is_finite() && field.boost > 0.0) {
            return refuse(format!("the boost of field `{}` is {}, not a positive number", field.name, field.boost));
        }
    }
    let place = definition.fields.iter().position(|field| field.name == definition.key);
    place.map_or_else(|| refuse(format!("the key `{}` is not among the fields", definition.key)), Ok)
}

fn add(schema: &mut SchemaBuilder, place: usize, kind: FieldKind, language: Option<&str>) -> Field {
    let name = format!("field_{place}");
    let number = || NumericOptions::default().set_indexed().set_fast();
    match kind {
        FieldKind::Text => schema.add_text_field(&name, analyzed(language)),
        FieldKind::Keyword => schema.add_text_field(&name, exact(true)),
        FieldKind::Integer => schema.add_i64_field(&name, number()),
        FieldKind::Float => schema.add_f64_field(&name, number()),
        FieldKind::Boolean => schema.add_bool_field(&name, number()),
        FieldKind::Date => {
            let options =
                DateOptions::default().set_indexed().set_fast().set_precision(DateTimePrecision::Microseconds);
            schema.add_date_field(&name, options)
        }
    }
}

fn analyzed(language: Option<&str>) -> TextOptions {
    let indexing = TextFieldIndexing::default()
        .set_tokenizer(&words::analyzer_name(language))
        .set_index_option(IndexRecordOption::WithFreqsAndPositions);
    TextOptions::default().set_indexing_options(indexing)
}

fn exact(fast: bool) -> TextOptions {
    let indexing = TextFieldIndexing::default()
        .set_tokenizer("raw")
        .set_index_option(IndexRecordOption::Basic)
        .set_fieldnorms(false);
    let options = TextOptions::default().set_indexing_options(indexing);
    if fast { options.set_fast("raw") } else { options }
}

fn put(document: &mut TantivyDocument, field: Field, value: Converted<'_>) {
    match value {
        Converted::Absent => {}
        Converted::Text(text) => document.add_text(field, text),
        Converted::Integer(number) => document.add_i64(field, number),
        Converted::Float(number) => document.add_f64(field, number),
        Converted::Boolean(flag) => document.add_bool(field, flag),
        Converted::Date(moment) => document.add_date(field, moment),
    }
}
