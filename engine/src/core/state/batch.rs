//! `ItemBatcher`: items in groups, each with what every group gets.

use stepwell_asl::dataflow::Flow;
use stepwell_asl::program::{ItemBatcher, Quantity};
use stepwell_asl::{EvalError, Value};

/// The batches of these items: so many items at most, and so many bytes. An item that is larger by itself has a batch
/// of its own.
pub(super) fn batches(
    flow: &mut Flow<'_>,
    batcher: &ItemBatcher,
    input: &Value,
    items: &[Value],
) -> Result<Value, EvalError> {
    let most_items = most(flow, batcher.max_items.as_ref(), "MaxItemsPerBatch", input)?;
    let most_bytes = most(flow, batcher.max_input_bytes.as_ref(), "MaxInputBytesPerBatch", input)?;
    let common = match &batcher.batch_input {
        Some(template) => Some(flow.with(input, |scope| template.evaluate(scope))?),
        None => None,
    };
    let batch = |items: &[Value]| -> Value {
        let items = Value::from(items.to_vec());
        let common = common.clone().map(|common| ("BatchInput", common));
        common.into_iter().chain([("Items", items)]).collect()
    };
    let empty_bytes = batch(&[]).json_bytes();
    let mut batches = Vec::new();
    let (mut start, mut bytes) = (0, empty_bytes);
    for (at, item) in items.iter().enumerate() {
        let more = item.json_bytes() + usize::from(at > start); // a comma before all but the first
        if at > start && (at - start >= most_items || bytes + more > most_bytes) {
            batches.push(batch(&items[start..at]));
            (start, bytes) = (at, empty_bytes);
        }
        bytes += item.json_bytes() + usize::from(at > start);
    }
    if start < items.len() {
        batches.push(batch(&items[start..]));
    }
    Ok(batches.into())
}

fn most(flow: &mut Flow<'_>, quantity: Option<&Quantity>, field: &str, input: &Value) -> Result<usize, EvalError> {
    let Some(quantity) = quantity else { return Ok(usize::MAX) };
    let (value, path) = match quantity {
        Quantity::Fixed(value) => (value.clone(), None),
        Quantity::Path(path) => (flow.select(path, input)?, Some(path.text())),
        Quantity::Query(query) => (Value::Number(flow.with(input, |scope| query.number(scope))?), None),
    };
    let number = value.as_number().and_then(serde_json::Number::as_u64).filter(|number| *number > 0);
    number.map(|number| usize::try_from(number).unwrap_or(usize::MAX)).ok_or_else(|| {
        let shown = value.as_str().map_or_else(|| value.to_string(), str::to_string);
        quantity.failure(match path {
            Some(path) => format!("The {field}Path field refers to value \"{shown}\" which is not valid: {path}"),
            None => format!("The {field} field has the value \"{shown}\" which is not valid"),
        })
    })
}
