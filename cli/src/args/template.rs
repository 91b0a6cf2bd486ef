//! Templates, where `stepwell run` and `stepwell serve` take them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use stepwell_engine::arn::Place;

use super::define;
use crate::template::Given;

/// A template and what is given with it.
#[derive(Debug, Args)]
#[command(next_help_heading = "Templates")]
pub struct FromTemplate {
    /// A template of SAM or CloudFormation, or one that `cdk synth` wrote: its state machines, functions and activities
    ///
    /// Functions become local processes by themselves; routes of stepwell.toml win over them. What else the template has
    /// is named, not made.
    #[arg(long, value_name = "FILE")]
    pub template: Option<PathBuf>,
    /// The value of a parameter of the template, in place of its default; may be given many times
    ///
    /// AWS::StackName can be given like a parameter.
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = define, requires = "template")]
    pub parameters: Vec<(String, String)>,
}

impl FromTemplate {
    /// The template to read, if there is one.
    pub fn given(&self, defines: &BTreeMap<String, String>, place: Place) -> Option<Given> {
        let parameters = self.parameters.iter().cloned().collect();
        let path = self.template.clone()?;
        Some(Given { path, parameters, defines: defines.clone(), place })
    }
}
