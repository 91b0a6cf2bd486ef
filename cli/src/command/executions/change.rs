//! `stepwell executions stop` and `redrive`

use stepwell_asl::Text;
use stepwell_engine::Engine;
use stepwell_engine::core::{StateError, Status};
use stepwell_engine::engine::status_name;
use stepwell_engine::worker::status_number;

use super::{find, last_part, shown};
use crate::args::{RedriveArgs, StopArgs};
use crate::output;
use crate::refusal::Refusal;

/// Stops an execution.
pub async fn stop(engine: &Engine, args: &StopArgs) -> Result<(), Refusal> {
    let there = find(engine, &args.which).await?;
    if there.status != Status::Running {
        let status = status_name(status_number(&there.status));
        return Err(Refusal::new(format!("{} has ended already: it is {status}", there.name)));
    }
    let text = |text: &Option<String>| text.as_deref().map(Text::from);
    let error = StateError { name: text(&args.error), cause: text(&args.cause) };
    let at = engine.stop(&there.arn, error).await?;
    output::tell(&format!("{} was stopped at {at}\n", there.name));
    Ok(())
}

/// Lets an execution go on with the next run.
pub async fn redrive(engine: &Engine, args: &RedriveArgs) -> Result<(), Refusal> {
    let there = find(engine, &args.which).await?;
    engine.redrive(&there.arn).await?;
    let status = engine.describe(&there.arn).await?.status;
    if status != Status::Running {
        // Nothing had to be waited for.
        let status = status_name(status_number(&status));
        output::tell(&format!("{} was redriven, and is {status}\n", there.name));
        return Ok(());
    }
    output::tell(&format!(
        "{name} will go on where it ended: `stepwell run FILE --data {data} --name {name} --resume`, \
         where FILE is that of {machine}\n",
        name = there.name,
        data = shown(&args.which.data.data),
        machine = last_part(&there.machine_arn),
    ));
    Ok(())
}
