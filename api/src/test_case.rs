//! Executions under a test case, as clients of Step Functions Local start them: `<stateMachineArn>#<TestCase>`.

use std::sync::Arc;

use stepwell_engine::arn;
use stepwell_engine::core::TestCase;
use stepwell_engine::mock_config::MockConfig;

use crate::Api;
use crate::error::ApiError;

/// The ARN without a test case, and the test case. On a server without mocks a `#` means nothing, as on AWS.
///
/// Errors: `InvalidArn`; `ValidationException` where there is no such test case, or the file cannot be read.
pub async fn of(api: &Api, machine_arn: String) -> Result<(String, Option<Arc<TestCase>>), ApiError> {
    let (Some(file), Some((arn, name))) = (&api.options.mock_config, machine_arn.split_once('#')) else {
        return Ok((machine_arn, None));
    };
    let (machine, name, file) = (arn::of_machine(arn)?.name.to_owned(), name.to_owned(), file.clone());
    let read = tokio::task::spawn_blocking(move || MockConfig::load(&file)?.test_case(&machine, &name)).await;
    let test_case = read.map_err(|error| ApiError::internal(error.to_string()))?;
    let test_case = test_case.map_err(|why| ApiError::new("ValidationException", why))?;
    Ok((arn.to_owned(), Some(Arc::new(test_case))))
}
