//! The optimised integrations: which operation of which service each action is, how its errors are named, and how its job
//! is watched until its end (`.sync`). A table; `aws/services` does what it says.
//!
//! Names of errors and of services in causes are those of AWS's first SDK for Java, which is behind these integrations.

use stepwell_asl::Value;

use super::model::nearest;

/// One optimised integration.
#[derive(Debug)]
pub struct Optimised {
    /// As resources have it: `dynamodb`.
    pub name: &'static str,
    /// What its errors begin with: `DynamoDB`.
    pub prefix: &'static str,
    /// What causes name as the service: `AmazonDynamoDBv2`.
    pub client: &'static str,
    /// The error for what the service's model does not name: `AmazonDynamoDBException`.
    pub exception: &'static str,
    /// Whether results tell of the HTTP response.
    pub metadata: bool,
    /// Its actions.
    pub actions: &'static [Action],
}

/// One action.
#[derive(Debug)]
pub struct Action {
    /// As resources have it: `runTask`.
    pub name: &'static str,
    /// The service, by its name in SDK integrations.
    pub service: &'static str,
    /// The operation, by its name in SDK integrations.
    pub operation: &'static str,
    /// What its parameters and result are called, where not as in the service's API.
    pub shape: Option<Reshape>,
    /// How its job is watched, if it starts one.
    pub job: Option<Job>,
}

/// Another shape than the service's own.
#[derive(Clone, Copy, Debug)]
pub struct Reshape {
    /// The operation's parameters, made of the task's. Empty: they are the same.
    pub parameters: &'static [Parameter],
    /// The task's result: a name, and where in the operation's result it is. Empty: they are the same.
    pub result: &'static [(&'static str, &'static str)],
}

/// How a job is watched.
#[derive(Clone, Copy, Debug)]
pub struct Job {
    /// The operation that tells how the job is.
    pub describe: &'static str,
    /// Its parameters.
    pub parameters: &'static [Parameter],
    /// Where in its answer the job is; empty: the answer is the job.
    pub at: &'static str,
    /// Where in the job its status is.
    pub status: &'static str,
    /// The statuses of a job that ended well.
    pub succeeded: &'static [&'static str],
    /// The statuses of a job that ended otherwise.
    pub failed: &'static [&'static str],
    /// Whether the job ends well when it is not found any more.
    pub until_gone: bool,
    /// What is around the job in the task's result; empty: nothing.
    pub wrapped: &'static str,
    /// The operation that stops it, and its parameters; an empty name: it cannot be stopped.
    pub stop: (&'static str, &'static [Parameter]),
}

/// A parameter, and where its value is from.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// Its value.
    pub from: Source,
    /// Whether it is the only item of a list.
    pub in_list: bool,
}

/// Where a value is from. Paths are names and numbers with dots between them.
#[derive(Clone, Copy, Debug)]
pub enum Source {
    /// The task's parameters.
    Input(&'static str),
    /// What the operation answered.
    Output(&'static str),
    /// This text.
    Text(&'static str),
}

const fn input(name: &'static str, from: &'static str) -> Parameter {
    Parameter { name, from: Source::Input(from), in_list: false }
}

const fn output(name: &'static str, from: &'static str) -> Parameter {
    Parameter { name, from: Source::Output(from), in_list: false }
}

const fn list(parameter: Parameter) -> Parameter {
    Parameter { in_list: true, ..parameter }
}

const REASON: Parameter =
    Parameter { name: "Reason", from: Source::Text("The execution no longer waits for it"), in_list: false };

const fn plain(service: &'static str, name: &'static str) -> Action {
    Action { name, service, operation: name, shape: None, job: None }
}

const fn job(service: &'static str, name: &'static str, job: Job) -> Action {
    Action { name, service, operation: name, shape: None, job: Some(job) }
}

const UNWATCHED: Job = Job {
    describe: "",
    parameters: &[],
    at: "",
    status: "",
    succeeded: &[],
    failed: &[],
    until_gone: false,
    wrapped: "",
    stop: ("", &[]),
};

/// A job of SageMaker: `create*`, `describe*`, `stop*`, all by its name.
macro_rules! sagemaker_job {
    ($kind:literal) => {
        job(
            "sagemaker",
            concat!("create", $kind),
            Job {
                describe: concat!("describe", $kind),
                parameters: &[input(concat!($kind, "Name"), concat!($kind, "Name"))],
                status: concat!($kind, "Status"),
                succeeded: &["Completed"],
                failed: &["Failed", "Stopped"],
                stop: (concat!("stop", $kind), &[input(concat!($kind, "Name"), concat!($kind, "Name"))]),
                ..UNWATCHED
            },
        )
    };
}

/// An application of EMR Serverless on its way to a state.
macro_rules! emr_application {
    ($name:literal, $id:expr, $until:expr) => {
        job(
            "emrserverless",
            $name,
            Job {
                describe: "getApplication",
                parameters: &[$id],
                at: "Application",
                status: "State",
                succeeded: $until,
                failed: &["TERMINATED"],
                ..UNWATCHED
            },
        )
    };
}

/// All of them.
pub static ALL: &[Optimised] = &[
    Optimised {
        name: "dynamodb",
        prefix: "DynamoDB",
        client: "AmazonDynamoDBv2",
        exception: "AmazonDynamoDBException",
        metadata: true,
        actions: &[
            plain("dynamodb", "getItem"),
            plain("dynamodb", "putItem"),
            plain("dynamodb", "updateItem"),
            plain("dynamodb", "deleteItem"),
        ],
    },
    Optimised {
        name: "sqs",
        prefix: "SQS",
        client: "AmazonSQS",
        exception: "AmazonSQSException",
        metadata: true,
        actions: &[plain("sqs", "sendMessage")],
    },
    Optimised {
        name: "sns",
        prefix: "SNS",
        client: "AmazonSNS",
        exception: "AmazonSNSException",
        metadata: true,
        actions: &[plain("sns", "publish")],
    },
    Optimised {
        name: "events",
        prefix: "EventBridge",
        client: "AmazonEventBridge",
        exception: "AmazonEventBridgeException",
        metadata: true,
        actions: &[plain("eventbridge", "putEvents")],
    },
    Optimised {
        name: "batch",
        prefix: "Batch",
        client: "AWSBatch",
        exception: "AWSBatchException",
        metadata: true,
        actions: &[job(
            "batch",
            "submitJob",
            Job {
                describe: "describeJobs",
                parameters: &[list(output("Jobs", "JobId"))],
                at: "Jobs.0",
                status: "Status",
                succeeded: &["SUCCEEDED"],
                failed: &["FAILED"],
                stop: ("terminateJob", &[output("JobId", "JobId"), REASON]),
                ..UNWATCHED
            },
        )],
    },
    Optimised {
        name: "ecs",
        prefix: "ECS",
        client: "AmazonECS",
        exception: "AmazonECSException",
        metadata: true,
        actions: &[job(
            "ecs",
            "runTask",
            Job {
                describe: "describeTasks",
                parameters: &[input("Cluster", "Cluster"), list(output("Tasks", "Tasks.0.TaskArn"))],
                at: "Tasks.0",
                status: "LastStatus",
                succeeded: &["STOPPED"],
                stop: ("stopTask", &[input("Cluster", "Cluster"), output("Task", "Tasks.0.TaskArn"), REASON]),
                ..UNWATCHED
            },
        )],
    },
    Optimised {
        name: "glue",
        prefix: "Glue",
        client: "AWSGlue",
        exception: "AWSGlueException",
        metadata: true,
        actions: &[job(
            "glue",
            "startJobRun",
            Job {
                describe: "getJobRun",
                parameters: &[input("JobName", "JobName"), output("RunId", "JobRunId")],
                at: "JobRun",
                status: "JobRunState",
                succeeded: &["SUCCEEDED"],
                failed: &["FAILED", "STOPPED", "TIMEOUT", "ERROR", "EXPIRED"],
                stop: ("batchStopJobRun", &[input("JobName", "JobName"), list(output("JobRunIds", "JobRunId"))]),
                ..UNWATCHED
            },
        )],
    },
    Optimised {
        name: "databrew",
        prefix: "DataBrew",
        client: "AWSGlueDataBrew",
        exception: "AWSGlueDataBrewException",
        metadata: true,
        actions: &[job(
            "databrew",
            "startJobRun",
            Job {
                describe: "describeJobRun",
                parameters: &[input("Name", "Name"), output("RunId", "RunId")],
                status: "State",
                succeeded: &["SUCCEEDED"],
                failed: &["FAILED", "STOPPED", "TIMEOUT"],
                stop: ("stopJobRun", &[input("Name", "Name"), output("RunId", "RunId")]),
                ..UNWATCHED
            },
        )],
    },
    Optimised {
        name: "codebuild",
        prefix: "CodeBuild",
        client: "AWSCodeBuild",
        exception: "AWSCodeBuildException",
        metadata: true,
        actions: &[
            job(
                "codebuild",
                "startBuild",
                Job {
                    describe: "batchGetBuilds",
                    parameters: &[list(output("Ids", "Build.Id"))],
                    at: "Builds.0",
                    status: "BuildStatus",
                    succeeded: &["SUCCEEDED"],
                    failed: &["FAILED", "FAULT", "TIMED_OUT", "STOPPED"],
                    wrapped: "Build",
                    stop: ("stopBuild", &[output("Id", "Build.Id")]),
                    ..UNWATCHED
                },
            ),
            job(
                "codebuild",
                "startBuildBatch",
                Job {
                    describe: "batchGetBuildBatches",
                    parameters: &[list(output("Ids", "BuildBatch.Id"))],
                    at: "BuildBatches.0",
                    status: "BuildBatchStatus",
                    succeeded: &["SUCCEEDED"],
                    failed: &["FAILED", "FAULT", "TIMED_OUT", "STOPPED"],
                    wrapped: "BuildBatch",
                    stop: ("stopBuildBatch", &[output("Id", "BuildBatch.Id")]),
                    ..UNWATCHED
                },
            ),
            plain("codebuild", "stopBuild"),
            plain("codebuild", "stopBuildBatch"),
            plain("codebuild", "batchDeleteBuilds"),
            plain("codebuild", "batchGetReports"),
            plain("codebuild", "retryBuildBatch"),
            plain("codebuild", "deleteBuildBatch"),
            plain("codebuild", "batchGetBuildBatches"),
        ],
    },
    Optimised {
        name: "athena",
        prefix: "Athena",
        client: "AmazonAthena",
        exception: "AmazonAthenaException",
        metadata: true,
        actions: &[
            job(
                "athena",
                "startQueryExecution",
                Job {
                    describe: "getQueryExecution",
                    parameters: &[output("QueryExecutionId", "QueryExecutionId")],
                    at: "QueryExecution",
                    status: "Status.State",
                    succeeded: &["SUCCEEDED"],
                    failed: &["FAILED", "CANCELLED"],
                    wrapped: "QueryExecution",
                    stop: ("stopQueryExecution", &[output("QueryExecutionId", "QueryExecutionId")]),
                    ..UNWATCHED
                },
            ),
            plain("athena", "stopQueryExecution"),
            plain("athena", "getQueryExecution"),
            plain("athena", "getQueryResults"),
        ],
    },
    Optimised {
        name: "elasticmapreduce",
        prefix: "ElasticMapReduce",
        client: "AmazonElasticMapReduce",
        exception: "AmazonElasticMapReduceException",
        metadata: true,
        actions: &[
            Action {
                name: "createCluster",
                service: "emr",
                operation: "runJobFlow",
                shape: Some(Reshape {
                    parameters: &[],
                    result: &[("ClusterId", "JobFlowId"), ("ClusterArn", "ClusterArn")],
                }),
                job: Some(Job {
                    describe: "describeCluster",
                    parameters: &[output("ClusterId", "ClusterId")],
                    at: "Cluster",
                    status: "Status.State",
                    succeeded: &["WAITING", "RUNNING"],
                    failed: &["TERMINATED", "TERMINATED_WITH_ERRORS"],
                    stop: ("terminateJobFlows", &[list(output("JobFlowIds", "ClusterId"))]),
                    ..UNWATCHED
                }),
            },
            Action {
                name: "terminateCluster",
                service: "emr",
                operation: "terminateJobFlows",
                shape: Some(Reshape { parameters: &[list(input("JobFlowIds", "ClusterId"))], result: &[] }),
                job: Some(Job {
                    describe: "describeCluster",
                    parameters: &[input("ClusterId", "ClusterId")],
                    at: "Cluster",
                    status: "Status.State",
                    succeeded: &["TERMINATED", "TERMINATED_WITH_ERRORS"],
                    ..UNWATCHED
                }),
            },
            Action {
                name: "setClusterTerminationProtection",
                service: "emr",
                operation: "setTerminationProtection",
                shape: Some(Reshape {
                    parameters: &[
                        list(input("JobFlowIds", "ClusterId")),
                        input("TerminationProtected", "TerminationProtected"),
                    ],
                    result: &[],
                }),
                job: None,
            },
            Action {
                name: "addStep",
                service: "emr",
                operation: "addJobFlowSteps",
                shape: Some(Reshape {
                    parameters: &[
                        input("JobFlowId", "ClusterId"),
                        list(input("Steps", "Step")),
                        input("ExecutionRoleArn", "ExecutionRoleArn"),
                    ],
                    result: &[("StepId", "StepIds.0")],
                }),
                job: Some(Job {
                    describe: "describeStep",
                    parameters: &[input("ClusterId", "ClusterId"), output("StepId", "StepId")],
                    at: "Step",
                    status: "Status.State",
                    succeeded: &["COMPLETED"],
                    failed: &["CANCELLED", "FAILED", "INTERRUPTED"],
                    wrapped: "Step",
                    stop: ("cancelSteps", &[input("ClusterId", "ClusterId"), list(output("StepIds", "StepId"))]),
                    ..UNWATCHED
                }),
            },
            Action {
                name: "cancelStep",
                service: "emr",
                operation: "cancelSteps",
                shape: Some(Reshape {
                    parameters: &[input("ClusterId", "ClusterId"), list(input("StepIds", "StepId"))],
                    result: &[("CancelStepsInfo", "CancelStepsInfoList.0")],
                }),
                job: None,
            },
        ],
    },
    Optimised {
        name: "emr-serverless",
        prefix: "EmrServerless",
        client: "EMRServerless",
        exception: "AWSEMRServerlessException",
        metadata: true,
        actions: &[
            emr_application!(
                "createApplication",
                output("ApplicationId", "ApplicationId"),
                &["CREATED", "STARTED", "STOPPED"]
            ),
            emr_application!("startApplication", input("ApplicationId", "ApplicationId"), &["STARTED"]),
            emr_application!("stopApplication", input("ApplicationId", "ApplicationId"), &["STOPPED", "CREATED"]),
            job(
                "emrserverless",
                "deleteApplication",
                Job {
                    describe: "getApplication",
                    parameters: &[input("ApplicationId", "ApplicationId")],
                    at: "Application",
                    status: "State",
                    succeeded: &["TERMINATED"],
                    until_gone: true,
                    ..UNWATCHED
                },
            ),
            job(
                "emrserverless",
                "startJobRun",
                Job {
                    describe: "getJobRun",
                    parameters: &[input("ApplicationId", "ApplicationId"), output("JobRunId", "JobRunId")],
                    at: "JobRun",
                    status: "State",
                    succeeded: &["SUCCESS"],
                    failed: &["FAILED", "CANCELLED"],
                    stop: ("cancelJobRun", &[input("ApplicationId", "ApplicationId"), output("JobRunId", "JobRunId")]),
                    ..UNWATCHED
                },
            ),
            plain("emrserverless", "cancelJobRun"),
        ],
    },
    Optimised {
        name: "emr-containers",
        prefix: "EMRContainers",
        client: "AmazonEMRContainers",
        exception: "AmazonEMRContainersException",
        metadata: true,
        actions: &[
            plain("emrcontainers", "createVirtualCluster"),
            job(
                "emrcontainers",
                "deleteVirtualCluster",
                Job {
                    describe: "describeVirtualCluster",
                    parameters: &[output("Id", "Id")],
                    at: "VirtualCluster",
                    status: "State",
                    succeeded: &["TERMINATED"],
                    failed: &["ARRESTED"],
                    until_gone: true,
                    ..UNWATCHED
                },
            ),
            job(
                "emrcontainers",
                "startJobRun",
                Job {
                    describe: "describeJobRun",
                    parameters: &[output("Id", "Id"), output("VirtualClusterId", "VirtualClusterId")],
                    at: "JobRun",
                    status: "State",
                    succeeded: &["COMPLETED"],
                    failed: &["FAILED", "CANCELLED"],
                    stop: ("cancelJobRun", &[output("Id", "Id"), output("VirtualClusterId", "VirtualClusterId")]),
                    ..UNWATCHED
                },
            ),
        ],
    },
    Optimised {
        name: "sagemaker",
        prefix: "SageMaker",
        client: "AmazonSageMaker",
        exception: "AmazonSageMakerException",
        metadata: true,
        actions: &[
            sagemaker_job!("TrainingJob"),
            sagemaker_job!("TransformJob"),
            sagemaker_job!("ProcessingJob"),
            sagemaker_job!("LabelingJob"),
            sagemaker_job!("HyperParameterTuningJob"),
            sagemaker_job!("AutoMLJob"),
            plain("sagemaker", "createEndpoint"),
            plain("sagemaker", "createEndpointConfig"),
            plain("sagemaker", "createModel"),
            plain("sagemaker", "updateEndpoint"),
        ],
    },
    Optimised {
        name: "bedrock",
        prefix: "Bedrock",
        client: "BedrockRuntime",
        exception: "BedrockException",
        metadata: false,
        actions: &[
            plain("bedrockruntime", "invokeModel"),
            job(
                "bedrock",
                "createModelCustomizationJob",
                Job {
                    describe: "getModelCustomizationJob",
                    parameters: &[output("JobIdentifier", "JobArn")],
                    status: "Status",
                    succeeded: &["Completed"],
                    failed: &["Failed", "Stopped"],
                    stop: ("stopModelCustomizationJob", &[output("JobIdentifier", "JobArn")]),
                    ..UNWATCHED
                },
            ),
        ],
    },
    Optimised {
        name: "eks",
        prefix: "EKS",
        client: "AmazonEKS",
        exception: "AmazonEKSException",
        metadata: true,
        actions: &[
            job(
                "eks",
                "createCluster",
                Job {
                    describe: "describeCluster",
                    parameters: &[input("Name", "Name")],
                    at: "Cluster",
                    status: "Status",
                    succeeded: &["ACTIVE"],
                    failed: &["FAILED"],
                    wrapped: "Cluster",
                    ..UNWATCHED
                },
            ),
            job(
                "eks",
                "deleteCluster",
                Job {
                    describe: "describeCluster",
                    parameters: &[input("Name", "Name")],
                    at: "Cluster",
                    status: "Status",
                    failed: &["FAILED"],
                    until_gone: true,
                    wrapped: "Cluster",
                    ..UNWATCHED
                },
            ),
            job(
                "eks",
                "createNodegroup",
                Job {
                    describe: "describeNodegroup",
                    parameters: &[input("ClusterName", "ClusterName"), input("NodegroupName", "NodegroupName")],
                    at: "Nodegroup",
                    status: "Status",
                    succeeded: &["ACTIVE"],
                    failed: &["CREATE_FAILED", "DEGRADED"],
                    wrapped: "Nodegroup",
                    ..UNWATCHED
                },
            ),
            job(
                "eks",
                "deleteNodegroup",
                Job {
                    describe: "describeNodegroup",
                    parameters: &[input("ClusterName", "ClusterName"), input("NodegroupName", "NodegroupName")],
                    at: "Nodegroup",
                    status: "Status",
                    failed: &["DELETE_FAILED"],
                    until_gone: true,
                    wrapped: "Nodegroup",
                    ..UNWATCHED
                },
            ),
        ],
    },
    Optimised {
        name: "mediaconvert",
        prefix: "MediaConvert",
        client: "AWSMediaConvert",
        exception: "AWSMediaConvertException",
        metadata: true,
        actions: &[job(
            "mediaconvert",
            "createJob",
            Job {
                describe: "getJob",
                parameters: &[output("Id", "Job.Id")],
                at: "Job",
                status: "Status",
                succeeded: &["COMPLETE"],
                failed: &["ERROR", "CANCELED"],
                wrapped: "Job",
                stop: ("cancelJob", &[output("Id", "Job.Id")]),
                ..UNWATCHED
            },
        )],
    },
];

/// The value at a path of names and numbers.
pub fn at(value: &Value, path: &str) -> Option<Value> {
    let mut value = value;
    for step in path.split('.').filter(|step| !step.is_empty()) {
        value = match value {
            Value::Array(items) => items.get(step.parse::<usize>().ok()?)?,
            value => value.get(step)?,
        };
    }
    Some(value.clone())
}

impl Job {
    /// The task's result: the job as its service describes it, with what belongs around it.
    pub fn wrapped(&self, described: Value) -> Value {
        match self.wrapped {
            "" => described,
            name => [(name, described)].into_iter().collect(),
        }
    }
}

/// An optimised integration by its name in resources.
pub fn service(name: &str) -> Option<&'static Optimised> {
    ALL.iter().find(|optimised| optimised.name == name)
}

/// An action by its names in resources.
pub fn find(name: &str, action: &str) -> Option<(&'static Optimised, &'static Action)> {
    let optimised = service(name)?;
    Some((optimised, optimised.actions.iter().find(|known| known.name == action)?))
}

/// What to say of an action that is none.
pub fn unknown(name: &str, action: &str) -> String {
    let Some(optimised) = service(name) else {
        let meant = nearest(name, ALL.iter().map(|optimised| optimised.name));
        let meant = meant.map(|meant| format!(". Did you mean '{meant}'?")).unwrap_or_default();
        return format!("there is no optimised integration '{name}'{meant}");
    };
    let meant = nearest(action, optimised.actions.iter().map(|known| known.name));
    let meant = meant.map(|meant| format!(". Did you mean '{meant}'?")).unwrap_or_default();
    format!("the optimised integration '{name}' has no action '{action}'{meant}")
}

#[cfg(test)]
mod tests {
    use super::super::integration::of_sdk;
    use super::super::model;
    use super::*;

    #[test]
    fn every_operation_and_parameter_is_in_the_models() {
        for action in ALL.iter().flat_map(|optimised| optimised.actions) {
            of_sdk(action.service, action.operation).expect(action.name);
            if let Some(job) = &action.job {
                check(action.service, job.describe, job.parameters);
                if !job.stop.0.is_empty() {
                    check(action.service, job.stop.0, job.stop.1);
                }
            }
            if let Some(shape) = action.shape.filter(|shape| !shape.parameters.is_empty()) {
                check(action.service, action.operation, shape.parameters);
            }
        }
    }

    fn check(service: &str, operation: &str, parameters: &[Parameter]) {
        let (service, place) = of_sdk(service, operation).expect(operation);
        let input = service.operations()[place].input.expect("parameters");
        let members: &[model::Member] = service.members(input);
        for parameter in parameters {
            let known = members.iter().any(|member| *member.plain_name == *parameter.name);
            assert!(known, "{operation} has no {}", parameter.name);
        }
        for member in members.iter().filter(|member| member.required) {
            let given = parameters.iter().any(|parameter| *parameter.name == *member.plain_name);
            assert!(given, "{operation} needs {}", member.plain_name);
        }
    }
}
