#!/usr/bin/env python3
"""Calls a server of moto through the engine: every protocol, results and errors, round trip.

    moto.py PATH/TO/examples/services

Needs `moto[server]`. Each step is a call and what its answer must hold; `{name}` in parameters stands for what an earlier
answer gave.
"""

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request

SDK = "arn:aws:states:::aws-sdk:"
PLAIN = "arn:aws:states:::"
ROLE = "arn:aws:iam::123456789012:role/r"
TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})

kept = {}


def ok(resource, parameters, path=None, expected=None, keep=None):
    """A call that succeeds; what is at `path` in its result is `expected`, or is there at all, and is kept as `keep`."""
    return {"resource": resource, "input": parameters, "path": path, "expected": expected, "keep": keep}


def fails(resource, parameters, error, cause=None):
    """A call that fails with this error; its cause matches."""
    return {"resource": resource, "input": parameters, "error": error, "cause": cause}


SDK_CAUSE = r"\(Service: \w+, Status Code: \d+, Request ID: [^,)]+(, Extended Request ID: [^)]+)?\) \(SDK Attempt Count: 1\)$"
PLAIN_CAUSE = r"\(Service: \w+; Status Code: \d+; Error Code: [\w.]+; Request ID: [^;]+; Proxy: null\)$"

STEPS = [
    # DynamoDB: JSON 1.0
    ok(SDK + "dynamodb:createTable", {
        "TableName": "t", "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}], "BillingMode": "PAY_PER_REQUEST",
    }, "TableDescription.TableStatus", "ACTIVE"),
    ok(SDK + "dynamodb:putItem", {"TableName": "t", "Item": {"id": {"S": "1"}, "n": {"N": "5"}, "b": {"Bool": True}, "s": {"Ss": ["x"]}}}),
    ok(SDK + "dynamodb:getItem", {"TableName": "t", "Key": {"id": {"S": "1"}}}, "Item.b.Bool", True),
    ok(SDK + "dynamodb:query", {
        "TableName": "t", "KeyConditionExpression": "id = :i", "ExpressionAttributeValues": {":i": {"S": "1"}},
    }, "Items.0.s.Ss.0", "x"),
    ok(SDK + "dynamodb:scan", {"TableName": "t"}, "Count", 1),
    ok(SDK + "dynamodb:describeTable", {"TableName": "t"}, "Table.CreationDateTime"),
    ok(SDK + "dynamodb:batchWriteItem", {"RequestItems": {"t": [{"PutRequest": {"Item": {"id": {"S": "2"}}}}]}}, "UnprocessedItems"),
    ok(PLAIN + "dynamodb:putItem", {"TableName": "t", "Item": {"id": {"S": "3"}, "b": {"BOOL": True}}}, "SdkHttpMetadata.HttpStatusCode", 200),
    ok(PLAIN + "dynamodb:getItem", {"TableName": "t", "Key": {"id": {"S": "3"}}}, "Item.b.BOOL", True),
    ok(PLAIN + "dynamodb:updateItem", {
        "TableName": "t", "Key": {"id": {"S": "3"}}, "UpdateExpression": "SET n = :n",
        "ExpressionAttributeValues": {":n": {"N": "7"}}, "ReturnValues": "ALL_NEW",
    }, "Attributes.n.N", "7"),
    ok(PLAIN + "dynamodb:deleteItem", {"TableName": "t", "Key": {"id": {"S": "3"}}}, "SdkResponseMetadata.RequestId"),
    fails(SDK + "dynamodb:getItem", {"TableName": "none", "Key": {"id": {"S": "1"}}}, "DynamoDb.ResourceNotFoundException", SDK_CAUSE),
    fails(PLAIN + "dynamodb:getItem", {"TableName": "none", "Key": {"id": {"S": "1"}}}, "DynamoDB.ResourceNotFoundException", PLAIN_CAUSE),
    fails(SDK + "dynamodb:putItem", {
        "TableName": "t", "Item": {"id": {"S": "1"}}, "ConditionExpression": "attribute_not_exists(id)",
    }, "DynamoDb.ConditionalCheckFailedException", SDK_CAUSE),
    fails(PLAIN + "dynamodb:putItem", {"TableName": "t", "Item": {}}, "DynamoDB.AmazonDynamoDBException", PLAIN_CAUSE),
    fails(SDK + "dynamodb:putItem", {"TableName": "t", "Item": {}}, "DynamoDb.DynamoDbException", SDK_CAUSE),
    fails(SDK + "dynamodb:putItem", {"TableName": 5, "Itm": {}}, "States.Runtime", "must be a STRING.*'Item' is required.*Did you mean 'Item'"),
    fails(SDK + "dynamodb:putItems", {}, "States.Runtime", "Did you mean 'putItem'"),
    fails(SDK + "dynamo:putItem", {}, "States.Runtime", "there is no service 'dynamo'"),
    # SQS: JSON 1.0 with Query's codes
    ok(SDK + "sqs:createQueue", {"QueueName": "q"}, "QueueUrl", keep="queue"),
    ok(PLAIN + "sqs:sendMessage", {"QueueUrl": "{queue}", "MessageBody": {"a": 1}}, "MD5OfMessageBody"),
    ok(SDK + "sqs:sendMessage", {"QueueUrl": "{queue}", "MessageBody": "x", "MessageAttributes": {
        "k": {"DataType": "String", "StringValue": "v"}}}, "Md5OfMessageBody"),
    ok(SDK + "sqs:receiveMessage", {"QueueUrl": "{queue}", "MaxNumberOfMessages": 10}, "Messages.0.Body", '{"a":1}'),
    ok(SDK + "sqs:getQueueAttributes", {"QueueUrl": "{queue}", "AttributeNames": ["All"]}, "Attributes.QueueArn"),
    fails(SDK + "sqs:sendMessage", {"QueueUrl": "http://127.0.0.1/1/none", "MessageBody": "x"}, "Sqs.QueueDoesNotExistException", SDK_CAUSE),
    fails(PLAIN + "sqs:sendMessage", {"QueueUrl": "http://127.0.0.1/1/none", "MessageBody": "x"}, "SQS.QueueDoesNotExistException", PLAIN_CAUSE),
    # SNS: Query
    ok(SDK + "sns:createTopic", {"Name": "topic", "Tags": [{"Key": "a", "Value": "b"}]}, "TopicArn", keep="topic"),
    ok(SDK + "sns:subscribe", {"TopicArn": "{topic}", "Protocol": "sqs", "Endpoint": "arn:aws:sqs:us-east-1:123456789012:q"}, "SubscriptionArn"),
    ok(PLAIN + "sns:publish", {"TopicArn": "{topic}", "Message": {"b": [2]}, "MessageAttributes": {
        "k": {"DataType": "String", "StringValue": "v"}}}, "MessageId"),
    ok(SDK + "sns:listTagsForResource", {"ResourceArn": "{topic}"}, "Tags.0.Value", "b"),
    ok(SDK + "sns:getTopicAttributes", {"TopicArn": "{topic}"}, "Attributes.SubscriptionsConfirmed"),
    fails(SDK + "sns:publish", {"TopicArn": "arn:aws:sns:us-east-1:123456789012:none", "Message": "x"}, "Sns.NotFoundException", SDK_CAUSE),
    fails(PLAIN + "sns:publish", {"TopicArn": "arn:aws:sns:us-east-1:123456789012:none", "Message": "x"}, "SNS.NotFoundException", PLAIN_CAUSE),
    # S3: REST with XML
    ok(SDK + "s3:createBucket", {"Bucket": "bucket"}, "Location"),
    ok(SDK + "s3:putObject", {"Bucket": "bucket", "Key": "a/b ü?.json", "Body": {"x": 1}, "ContentType": "application/json",
                              "Metadata": {"color": "red"}}, "ETag"),
    ok(SDK + "s3:getObject", {"Bucket": "bucket", "Key": "a/b ü?.json"}, "Body", '{"x":1}'),
    ok(SDK + "s3:getObject", {"Bucket": "bucket", "Key": "a/b ü?.json"}, "Metadata.color", "red"),
    ok(SDK + "s3:headObject", {"Bucket": "bucket", "Key": "a/b ü?.json"}, "ContentLength", 7),
    ok(SDK + "s3:copyObject", {"Bucket": "bucket", "Key": "copy", "CopySource": "bucket/a/b%20%C3%BC%3F.json"}, "CopyObjectResult.ETag"),
    ok(SDK + "s3:listObjectsV2", {"Bucket": "bucket", "Prefix": "a/"}, "Contents.0.Key", "a/b ü?.json"),
    ok(SDK + "s3:listBuckets", {}, "Buckets.0.Name", "bucket"),
    ok(SDK + "s3:putObjectTagging", {"Bucket": "bucket", "Key": "copy", "Tagging": {"TagSet": [{"Key": "k", "Value": "a=b @c"}]}}),
    ok(SDK + "s3:getObjectTagging", {"Bucket": "bucket", "Key": "copy"}, "TagSet.0.Value", "a=b @c"),
    ok(SDK + "s3:deleteObjects", {"Bucket": "bucket", "Delete": {"Objects": [{"Key": "copy"}]}}, "Deleted.0.Key", "copy"),
    ok(SDK + "s3:putBucketVersioning", {"Bucket": "bucket", "VersioningConfiguration": {"Status": "Enabled"}}),
    ok(SDK + "s3:getBucketVersioning", {"Bucket": "bucket"}, "Status", "Enabled"),
    fails(SDK + "s3:getObject", {"Bucket": "bucket", "Key": "none"}, "S3.NoSuchKeyException", SDK_CAUSE),
    fails(SDK + "s3:headObject", {"Bucket": "bucket", "Key": "none"}, "S3.NoSuchKeyException", "Status Code: 404"),
    fails(SDK + "s3:listObjectsV2", {"Bucket": "no-such"}, "S3.NoSuchBucketException", SDK_CAUSE),
    fails(SDK + "s3:getObject", {"Bucket": "bucket", "Key": ""}, "States.Runtime", "must not be empty"),
    # EventBridge: JSON 1.1
    ok(SDK + "eventbridge:putRule", {"Name": "r", "ScheduleExpression": "rate(5 minutes)"}, "RuleArn"),
    ok(SDK + "eventbridge:disableRule", {"Name": "r"}),
    ok(SDK + "eventbridge:describeRule", {"Name": "r"}, "State", "DISABLED"),
    ok(PLAIN + "events:putEvents", {"Entries": [{"Source": "s", "DetailType": "d", "Detail": {"a": 1}}]}, "FailedEntryCount", 0),
    fails(PLAIN + "events:putEvents", {"Entries": [{"Source": "s", "DetailType": "d"}]}, "EventBridge.FailedEntry", "FailedEntryCount"),
    fails(SDK + "eventbridge:describeRule", {"Name": "none"}, "EventBridge.ResourceNotFoundException", SDK_CAUSE),
    # STS, IAM: Query, and one place for the world
    ok(SDK + "sts:getCallerIdentity", {}, "Account", "123456789012"),
    ok(SDK + "sts:assumeRole", {"RoleArn": ROLE, "RoleSessionName": "session"}, "Credentials.Expiration"),
    ok(SDK + "iam:createRole", {"RoleName": "r", "AssumeRolePolicyDocument": TRUST}, "Role.Arn", ROLE),
    ok(SDK + "iam:getRole", {"RoleName": "r"}, "Role.CreateDate"),
    fails(SDK + "iam:getRole", {"RoleName": "none"}, "Iam.NoSuchEntityException", SDK_CAUSE),
    # EC2
    ok(SDK + "ec2:describeVpcs", {}, "Vpcs.0.VpcId", keep="vpc"),
    ok(SDK + "ec2:createSecurityGroup", {"GroupName": "g", "Description": "d", "VpcId": "{vpc}"}, "GroupId", keep="group"),
    ok(SDK + "ec2:authorizeSecurityGroupIngress", {"GroupId": "{group}", "IpPermissions": [
        {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}]}, "SecurityGroupRules.0.FromPort", 80),
    ok(SDK + "ec2:describeSecurityGroups", {"Filters": [{"Name": "group-id", "Values": ["{group}"]}]}, "SecurityGroups.0.GroupName", "g"),
    ok(SDK + "ec2:describeSubnets", {"Filters": [{"Name": "vpc-id", "Values": ["{vpc}"]}]}, "Subnets.0.SubnetId", keep="subnet"),
    fails(SDK + "ec2:describeVpcs", {"VpcIds": ["vpc-none"]}, "Ec2.Ec2Exception", SDK_CAUSE),
    # Secrets, parameters, keys, logs, streams
    ok(SDK + "secretsmanager:createSecret", {"Name": "s", "SecretString": "hush"}, "Arn"),
    ok(SDK + "secretsmanager:getSecretValue", {"SecretId": "s"}, "SecretString", "hush"),
    fails(SDK + "secretsmanager:getSecretValue", {"SecretId": "none"}, "SecretsManager.ResourceNotFoundException", SDK_CAUSE),
    ok(SDK + "ssm:putParameter", {"Name": "/p", "Value": "v", "Type": "String"}, "Version", 1),
    ok(SDK + "ssm:getParameter", {"Name": "/p"}, "Parameter.Value", "v"),
    ok(SDK + "ssm:getParameters", {"Names": ["/p", "/none"]}, "InvalidParameters.0", "/none"),
    fails(SDK + "ssm:getParameter", {"Name": "/none"}, "Ssm.ParameterNotFoundException", SDK_CAUSE),
    ok(SDK + "kms:createKey", {"Description": "k"}, "KeyMetadata.KeyId", keep="key"),
    ok(SDK + "kms:encrypt", {"KeyId": "{key}", "Plaintext": "text"}, "CiphertextBlob", keep="cipher"),
    ok(SDK + "kms:decrypt", {"CiphertextBlob": "{cipher}"}, "Plaintext", "text"),
    ok(SDK + "cloudwatchlogs:createLogGroup", {"LogGroupName": "/g"}),
    ok(SDK + "cloudwatchlogs:describeLogGroups", {"LogGroupNamePrefix": "/g"}, "LogGroups.0.LogGroupName", "/g"),
    fails(SDK + "cloudwatchlogs:createLogGroup", {"LogGroupName": "/g"}, "CloudWatchLogs.ResourceAlreadyExistsException", SDK_CAUSE),
    ok(SDK + "kinesis:createStream", {"StreamName": "k", "ShardCount": 1}),
    ok(SDK + "kinesis:putRecord", {"StreamName": "k", "Data": {"a": "ü"}, "PartitionKey": "p"}, "SequenceNumber"),
    ok(SDK + "kinesis:getShardIterator", {"StreamName": "k", "ShardId": "shardId-000000000000", "ShardIteratorType": "TRIM_HORIZON"}, "ShardIterator", keep="shard"),
    ok(SDK + "kinesis:getRecords", {"ShardIterator": "{shard}"}, "Records.0.Data", '{"a":"ü"}'),
    ok(SDK + "firehose:createDeliveryStream", {"DeliveryStreamName": "f", "ExtendedS3DestinationConfiguration": {
        "RoleARN": ROLE, "BucketARN": "arn:aws:s3:::bucket"}}, "DeliveryStreamARN"),
    ok(SDK + "firehose:putRecordBatch", {"DeliveryStreamName": "f", "Records": [{"Data": "x\n"}]}, "FailedPutCount", 0),
    # CloudWatch
    ok(SDK + "cloudwatch:putMetricData", {"Namespace": "n", "MetricData": [{"MetricName": "m", "Value": 1, "Unit": "Count",
       "Timestamp": "2026-01-02T03:04:05Z", "Dimensions": [{"Name": "d", "Value": "v"}]}]}),
    ok(SDK + "cloudwatch:listMetrics", {"Namespace": "n"}, "Metrics.0.MetricName", "m"),
    # ECS, Batch, Glue, RDS, Lambda, Step Functions, ...
    ok(SDK + "ecs:createCluster", {"ClusterName": "c"}, "Cluster.Status", "ACTIVE"),
    ok(SDK + "ecs:registerTaskDefinition", {"Family": "f", "ContainerDefinitions": [{"Name": "n", "Image": "i", "Memory": 10}]},
       "TaskDefinition.Revision", 1),
    ok(SDK + "ecs:listClusters", {}, "ClusterArns.0"),
    fails(PLAIN + "ecs:runTask", {"Cluster": "none", "TaskDefinition": "f"}, "ECS.ClusterNotFoundException", PLAIN_CAUSE),
    ok(SDK + "glue:createDatabase", {"DatabaseInput": {"Name": "d"}}),
    ok(SDK + "glue:getDatabase", {"Name": "d"}, "Database.Name", "d"),
    fails(SDK + "glue:getDatabase", {"Name": "none"}, "Glue.EntityNotFoundException", SDK_CAUSE),
    ok(SDK + "glue:createJob", {"Name": "j", "Role": ROLE, "Command": {"Name": "glueetl", "ScriptLocation": "s3://b/s"}}, "Name", "j"),
    ok(PLAIN + "glue:startJobRun.sync", {"JobName": "j"}, "JobRunState", "SUCCEEDED"),
    ok(SDK + "rds:createDBInstance", {"DbInstanceIdentifier": "db", "DbInstanceClass": "db.t3.micro", "Engine": "postgres",
                                      "MasterUsername": "u", "MasterUserPassword": "password1", "AllocatedStorage": 20},
       "DbInstance.DbInstanceIdentifier", "db"),
    ok(SDK + "rds:describeDBInstances", {"DbInstanceIdentifier": "db"}, "DbInstances.0.Engine", "postgres"),
    fails(SDK + "rds:describeDBInstances", {"DbInstanceIdentifier": "none"}, "Rds.DbInstanceNotFoundException", SDK_CAUSE),
    ok(SDK + "sfn:createStateMachine", {"Name": "m", "RoleArn": ROLE, "Definition": {
        "StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}}, "StateMachineArn", keep="machine"),
    ok(SDK + "sfn:startExecution", {"StateMachineArn": "{machine}", "Input": {"a": 1}}, "StartDate"),
    ok(SDK + "sfn:listExecutions", {"StateMachineArn": "{machine}"}, "Executions.0.ExecutionArn"),
    fails(SDK + "sfn:describeStateMachine", {"StateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:none"},
          "Sfn.StateMachineDoesNotExistException", SDK_CAUSE),
    ok(SDK + "lambda:listFunctions", {}, "Functions"),
    fails(SDK + "lambda:getFunction", {"FunctionName": "none"}, "Lambda.ResourceNotFoundException", SDK_CAUSE),
    ok(SDK + "scheduler:createSchedule", {"Name": "s", "ScheduleExpression": "rate(1 hour)", "FlexibleTimeWindow": {"Mode": "OFF"},
       "Target": {"Arn": "arn:aws:sqs:us-east-1:123456789012:q", "RoleArn": ROLE, "Input": {"x": 1}}}, "ScheduleArn"),
    ok(SDK + "scheduler:getSchedule", {"Name": "s"}, "Target.Input", '{"x":1}'),
    ok(SDK + "cognitoidentityprovider:createUserPool", {"PoolName": "p"}, "UserPool.Id", keep="pool"),
    ok(SDK + "cognitoidentityprovider:adminCreateUser", {"UserPoolId": "{pool}", "Username": "u"}, "User.Username", "u"),
    fails(SDK + "cognitoidentityprovider:adminGetUser", {"UserPoolId": "{pool}", "Username": "none"},
          "CognitoIdentityProvider.UserNotFoundException", SDK_CAUSE),
    ok(SDK + "route53:createHostedZone", {"Name": "example.com.", "CallerReference": "1"}, "HostedZone.Id"),
    ok(SDK + "route53:listHostedZones", {}, "HostedZones.0.Name", "example.com."),
    ok(SDK + "apigateway:createRestApi", {"Name": "api"}, "Id", keep="api"),
    ok(SDK + "apigateway:getRestApis", {}, "Items.0.Name", "api"),
    ok(SDK + "sesv2:createContactList", {"ContactListName": "l"}),
    ok(SDK + "ses:verifyEmailIdentity", {"EmailAddress": "a@example.com"}),
    ok(SDK + "ses:sendEmail", {"Source": "a@example.com", "Destination": {"ToAddresses": ["b@example.com"]},
                               "Message": {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "b"}}}}, "MessageId"),
    ok(SDK + "autoscaling:createLaunchConfiguration", {"LaunchConfigurationName": "l", "ImageId": "ami-12345678", "InstanceType": "t2.micro"}),
    ok(SDK + "autoscaling:describeAutoScalingGroups", {}, "AutoScalingGroups"),
    ok(SDK + "cloudformation:listStacks", {}, "StackSummaries"),
    ok(SDK + "elasticloadbalancingv2:createTargetGroup", {"Name": "tg", "Protocol": "HTTP", "Port": 80, "VpcId": "{vpc}"}, "TargetGroups.0.Port", 80),
    ok(SDK + "ecr:createRepository", {"RepositoryName": "r"}, "Repository.RepositoryUri"),
    ok(SDK + "athena:createWorkGroup", {"Name": "w"}),
    ok(PLAIN + "athena:startQueryExecution.sync", {"QueryString": "select 1", "WorkGroup": "w",
       "ResultConfiguration": {"OutputLocation": "s3://bucket/"}}, "QueryExecution.Status.State", "SUCCEEDED"),
    ok(SDK + "redshiftdata:executeStatement", {"ClusterIdentifier": "c", "Database": "d", "Sql": "select 1"}, "Id", keep="statement"),
    ok(SDK + "redshiftdata:describeStatement", {"Id": "{statement}"}, "Status"),
    ok(SDK + "transcribe:startTranscriptionJob", {"TranscriptionJobName": "j", "LanguageCode": "en-US", "Media": {"MediaFileUri": "s3://b/k"}},
       "TranscriptionJob.TranscriptionJobName", "j"),
    ok(SDK + "rekognition:detectLabels", {"Image": {"S3Object": {"Bucket": "b", "Name": "n"}}}, "Labels.0.Name"),
    ok(SDK + "emr:listClusters", {}, "Clusters"),
    ok(PLAIN + "elasticmapreduce:createCluster", {"Name": "c", "ReleaseLabel": "emr-6.0.0", "Instances": {
        "MasterInstanceType": "m5.xlarge", "InstanceCount": 1, "KeepJobFlowAliveWhenNoSteps": True}, "JobFlowRole": "r", "ServiceRole": "s"},
       "ClusterId", keep="cluster"),
    ok(SDK + "organizations:createOrganization", {"FeatureSet": "ALL"}, "Organization.Id"),
    ok(SDK + "efs:createFileSystem", {}, "FileSystemId"),
    ok(SDK + "resourcegroupstaggingapi:getResources", {}, "ResourceTagMappingList"),
    ok(SDK + "iot:listThings", {}, "Things"),
    ok(SDK + "codebuild:listProjects", {}, "Projects"),
    ok(SDK + "batch:describeComputeEnvironments", {}, "ComputeEnvironments"),
]


def find(value, path):
    for step in path.split("."):
        value = value[int(step)] if isinstance(value, list) else value[step]
    return value


def filled(value):
    if isinstance(value, dict):
        return {key: filled(member) for key, member in value.items()}
    if isinstance(value, list):
        return [filled(item) for item in value]
    if isinstance(value, str) and re.fullmatch(r"\{[a-z]+\}", value):
        return kept[value[1:-1]]
    return value


def judge(step, answer):
    """What is wrong with the answer, or nothing."""
    if "error" in step:
        if answer.get("error") != step["error"]:
            return f"expected {step['error']}"
        if step["cause"] and not re.search(step["cause"], answer.get("cause") or "", re.S):
            return f"the cause does not match {step['cause']}"
        return None
    if "result" not in answer:
        return "expected a result"
    if step["path"]:
        try:
            found = find(answer["result"], step["path"])
        except (KeyError, IndexError, TypeError):
            return f"there is no {step['path']}"
        if step["keep"]:
            kept[step["keep"]] = found
        if step["expected"] is not None and found != step["expected"]:
            return f"{step['path']} is {found!r}, not {step['expected']!r}"
    return None


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def started(port):
    server = os.path.join(os.path.dirname(sys.executable), "moto_server")
    process = subprocess.Popen([server, "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(300):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/moto-api/data.json", timeout=5)
            return process
        except OSError:
            time.sleep(0.2)
    process.terminate()
    sys.exit("moto does not start")


def main():
    port = free_port()
    moto = started(port)
    variables = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    variables["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{port}"
    engine = subprocess.Popen([sys.argv[1]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=variables)
    wrong, actions = 0, set()
    try:
        for step in STEPS:
            try:
                parameters = filled(step["input"])
            except KeyError as missing:
                print(f"{step['resource']}: {missing} was never given")
                wrong += 1
                continue
            engine.stdin.write(json.dumps({"call": step["resource"], "input": parameters}) + "\n")
            engine.stdin.flush()
            answer = json.loads(engine.stdout.readline())
            actions.add(step["resource"].split(":::")[1])
            fault = judge(step, answer)
            if fault:
                wrong += 1
                print(f"{step['resource']}: {fault}: {json.dumps(answer)[:600]}")
    finally:
        engine.stdin.close()
        moto.terminate()
        moto.wait()
    services = {action.split(":")[-2] for action in actions}
    print(f"{len(STEPS)} calls, {len(actions)} actions, {len(services)} services, {wrong} wrong")
    sys.exit(1 if wrong else 0)


main()
