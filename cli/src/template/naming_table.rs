//! How AWS names the resources that workflows use: which property gives the name, what `Ref` gives, and the attributes.

/// The names of one type of resource.
pub struct Naming {
    /// `Type`
    kind: &'static str,
    /// The property that gives its name.
    pub name: &'static str,
    /// What `Ref` gives. `{name}`, `{region}` and `{account}` stand for what they say.
    pub reference: &'static str,
    /// What `Fn::GetAtt` gives. `=Property` is the value of that property.
    pub attributes: &'static [(&'static str, &'static str)],
}

/// A function's ARN.
pub const FUNCTION_ARN: &str = "arn:aws:lambda:{region}:{account}:function:{name}";

const FUNCTION: &[(&str, &str)] = &[("Arn", FUNCTION_ARN)];
const MACHINE_ARN: &str = "arn:aws:states:{region}:{account}:stateMachine:{name}";
const MACHINE: &[(&str, &str)] = &[("Arn", MACHINE_ARN), ("Name", "{name}")];
const ACTIVITY_ARN: &str = "arn:aws:states:{region}:{account}:activity:{name}";
const TABLE_ARN: &str = "arn:aws:dynamodb:{region}:{account}:table/{name}";
const TABLE: &[(&str, &str)] = &[
    ("Arn", TABLE_ARN),
    ("StreamArn", "arn:aws:dynamodb:{region}:{account}:table/{name}/stream/2000-01-01T00:00:00.000"),
];
const QUEUE_URL: &str = "https://sqs.{region}.amazonaws.com/{account}/{name}";
const TOPIC_ARN: &str = "arn:aws:sns:{region}:{account}:{name}";
const SECRET_ARN: &str = "arn:aws:secretsmanager:{region}:{account}:secret:{name}-000000";
const TASK_DEFINITION_ARN: &str = "arn:aws:ecs:{region}:{account}:task-definition/{name}:1";
const JOB_QUEUE_ARN: &str = "arn:aws:batch:{region}:{account}:job-queue/{name}";
const JOB_DEFINITION_ARN: &str = "arn:aws:batch:{region}:{account}:job-definition/{name}:1";
const COMPUTE_ENVIRONMENT_ARN: &str = "arn:aws:batch:{region}:{account}:compute-environment/{name}";
const LAYER_ARN: &str = "arn:aws:lambda:{region}:{account}:layer:{name}:1";
const CONNECTION_ARN: &str = "arn:aws:events:{region}:{account}:connection/{name}/00000000-0000-0000-0000-000000000000";
const API: &[(&str, &str)] = &[
    ("RestApiId", "{name}"),
    ("RootResourceId", "{name}"),
    ("ApiId", "{name}"),
    ("ApiEndpoint", "https://{name}.execute-api.{region}.amazonaws.com"),
];

/// A row of the table.
const fn row(
    kind: &'static str,
    name: &'static str,
    reference: &'static str,
    attributes: &'static [(&'static str, &'static str)],
) -> Naming {
    Naming { kind, name, reference, attributes }
}

static TABLE_OF_TYPES: &[Naming] = &[
    row("AWS::Serverless::Function", "FunctionName", "{name}", FUNCTION),
    row("AWS::Lambda::Function", "FunctionName", "{name}", FUNCTION),
    row("AWS::Lambda::Alias", "Name", "{name}", &[]),
    row("AWS::Lambda::Version", "", "{name}", &[]),
    row("AWS::Lambda::LayerVersion", "LayerName", LAYER_ARN, &[("LayerVersionArn", LAYER_ARN)]),
    row("AWS::Serverless::LayerVersion", "LayerName", LAYER_ARN, &[]),
    row("AWS::Serverless::StateMachine", "Name", MACHINE_ARN, MACHINE),
    row("AWS::StepFunctions::StateMachine", "StateMachineName", MACHINE_ARN, MACHINE),
    row("AWS::StepFunctions::StateMachineAlias", "Name", "{name}", &[]),
    row("AWS::StepFunctions::StateMachineVersion", "", "{name}", &[]),
    row("AWS::StepFunctions::Activity", "Name", ACTIVITY_ARN, &[("Arn", ACTIVITY_ARN), ("Name", "{name}")]),
    row(
        "AWS::SQS::Queue",
        "QueueName",
        QUEUE_URL,
        &[("Arn", "arn:aws:sqs:{region}:{account}:{name}"), ("QueueName", "{name}"), ("QueueUrl", QUEUE_URL)],
    ),
    row("AWS::SNS::Topic", "TopicName", TOPIC_ARN, &[("TopicArn", TOPIC_ARN), ("TopicName", "{name}")]),
    row("AWS::DynamoDB::Table", "TableName", "{name}", TABLE),
    row("AWS::DynamoDB::GlobalTable", "TableName", "{name}", TABLE),
    row("AWS::Serverless::SimpleTable", "TableName", "{name}", TABLE),
    row(
        "AWS::S3::Bucket",
        "BucketName",
        "{name}",
        &[
            ("Arn", "arn:aws:s3:::{name}"),
            ("DomainName", "{name}.s3.amazonaws.com"),
            ("DualStackDomainName", "{name}.s3.dualstack.{region}.amazonaws.com"),
            ("RegionalDomainName", "{name}.s3.{region}.amazonaws.com"),
            ("WebsiteURL", "http://{name}.s3-website-{region}.amazonaws.com"),
        ],
    ),
    row(
        "AWS::Events::EventBus",
        "Name",
        "{name}",
        &[("Arn", "arn:aws:events:{region}:{account}:event-bus/{name}"), ("Name", "{name}")],
    ),
    row("AWS::Events::Rule", "Name", "{name}", &[("Arn", "arn:aws:events:{region}:{account}:rule/{name}")]),
    row("AWS::Events::Connection", "Name", "{name}", &[("Arn", CONNECTION_ARN)]),
    row(
        "AWS::Events::ApiDestination",
        "Name",
        "{name}",
        &[("Arn", "arn:aws:events:{region}:{account}:api-destination/{name}/00000000-0000-0000-0000-000000000000")],
    ),
    row("AWS::SecretsManager::Secret", "Name", SECRET_ARN, &[("Id", SECRET_ARN)]),
    row("AWS::SSM::Parameter", "Name", "{name}", &[("Type", "=Type"), ("Value", "=Value")]),
    row("AWS::KMS::Key", "", "{name}", &[("Arn", "arn:aws:kms:{region}:{account}:key/{name}"), ("KeyId", "{name}")]),
    row("AWS::IAM::Role", "RoleName", "{name}", &[("Arn", "arn:aws:iam::{account}:role/{name}"), ("RoleId", "{name}")]),
    row("AWS::IAM::ManagedPolicy", "ManagedPolicyName", "arn:aws:iam::{account}:policy/{name}", &[]),
    row(
        "AWS::Logs::LogGroup",
        "LogGroupName",
        "{name}",
        &[("Arn", "arn:aws:logs:{region}:{account}:log-group:{name}:*")],
    ),
    row("AWS::Kinesis::Stream", "Name", "{name}", &[("Arn", "arn:aws:kinesis:{region}:{account}:stream/{name}")]),
    row(
        "AWS::KinesisFirehose::DeliveryStream",
        "DeliveryStreamName",
        "{name}",
        &[("Arn", "arn:aws:firehose:{region}:{account}:deliverystream/{name}")],
    ),
    row("AWS::ECS::Cluster", "ClusterName", "{name}", &[("Arn", "arn:aws:ecs:{region}:{account}:cluster/{name}")]),
    row("AWS::ECS::TaskDefinition", "Family", TASK_DEFINITION_ARN, &[("TaskDefinitionArn", TASK_DEFINITION_ARN)]),
    row(
        "AWS::ECR::Repository",
        "RepositoryName",
        "{name}",
        &[
            ("Arn", "arn:aws:ecr:{region}:{account}:repository/{name}"),
            ("RepositoryUri", "{account}.dkr.ecr.{region}.amazonaws.com/{name}"),
        ],
    ),
    row("AWS::Batch::JobQueue", "JobQueueName", JOB_QUEUE_ARN, &[("JobQueueArn", JOB_QUEUE_ARN)]),
    row("AWS::Batch::JobDefinition", "JobDefinitionName", JOB_DEFINITION_ARN, &[]),
    row(
        "AWS::Batch::ComputeEnvironment",
        "ComputeEnvironmentName",
        COMPUTE_ENVIRONMENT_ARN,
        &[("ComputeEnvironmentArn", COMPUTE_ENVIRONMENT_ARN)],
    ),
    row("AWS::CodeBuild::Project", "Name", "{name}", &[("Arn", "arn:aws:codebuild:{region}:{account}:project/{name}")]),
    row("AWS::Glue::Job", "Name", "{name}", &[]),
    row("AWS::Glue::Crawler", "Name", "{name}", &[]),
    row("AWS::Glue::Database", "", "{name}", &[]),
    row("AWS::Athena::WorkGroup", "Name", "{name}", &[]),
    row("AWS::ApiGateway::RestApi", "", "{name}", API),
    row("AWS::ApiGatewayV2::Api", "", "{name}", API),
    row("AWS::Serverless::Api", "", "{name}", API),
    row("AWS::Serverless::HttpApi", "", "{name}", API),
    row(
        "AWS::EMRServerless::Application",
        "Name",
        "{name}",
        &[("ApplicationId", "{name}"), ("Arn", "arn:aws:emr-serverless:{region}:{account}:/applications/{name}")],
    ),
    row(
        "AWS::SageMaker::Model",
        "ModelName",
        "arn:aws:sagemaker:{region}:{account}:model/{name}",
        &[("ModelName", "{name}")],
    ),
    row(
        "AWS::Cognito::UserPool",
        "",
        "{name}",
        &[("Arn", "arn:aws:cognito-idp:{region}:{account}:userpool/{name}"), ("UserPoolId", "{name}")],
    ),
];

/// How resources of that type are named, where that is known.
pub fn of(kind: &str) -> Option<&'static Naming> {
    TABLE_OF_TYPES.iter().find(|naming| naming.kind == kind)
}
