//! A client at work: it calls whatever comes to its mind, and writes down what was acknowledged. What it makes is its own,
//! so that it alone knows what must be there.

use std::io::Result;

use serde_json::{Value, json};
use stepwell_asl::Chance;

use crate::client::Client;
use crate::ledger::{Known, Ledger, Machine};

pub const ROLE: &str = "arn:aws:iam::123456789012:role/any";
const FUNCTION: &str = "arn:aws:lambda:us-east-1:123456789012:function";

/// Numbers by chance, from a seed.
pub struct Dice(Chance);

impl Dice {
    pub fn of(seed: u64) -> Dice {
        Dice(Chance::from_seed([seed, 0x9e37_79b9_7f4a_7c15, 0xbf58_476d_1ce4_e5b9, 0x94d0_49bb_1331_11eb]))
    }

    /// A number below this one, which is not 0.
    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.0.next_u64() % bound as u64).unwrap()
    }
}

/// The definitions that executions are started with, by what becomes of them.
fn definitions(activity: &str) -> [Value; 5] {
    let task = |resource: String| json!({"Type": "Task", "Resource": resource, "End": true});
    // A worker that was killed with the server never answers: its task is handed out again.
    let by_worker = json!({"Type": "Task", "Resource": activity, "HeartbeatSeconds": 3, "End": true,
        "Retry": [{"ErrorEquals": ["States.Timeout"], "MaxAttempts": 1000, "IntervalSeconds": 1, "BackoffRate": 1.0}]});
    let one = |state: Value| json!({"StartAt": "A", "States": {"A": state}});
    let work = || task(format!("{FUNCTION}:work"));
    [
        one(work()),
        one(json!({"Type": "Wait", "Seconds": 1, "End": true})),
        one(json!({"Type": "Map", "End": true, "ItemsPath": "$.items",
            "ItemProcessor": {"StartAt": "B", "States": {"B": work()}}})),
        one(json!({"Type": "Task", "Resource": format!("{FUNCTION}:fail"), "End": true,
            "Retry": [{"ErrorEquals": ["Refused"], "MaxAttempts": 1, "IntervalSeconds": 1}]})),
        one(by_worker),
    ]
}

/// The place of the machine whose tasks workers do.
const BY_WORKER: usize = 4;

/// A client.
pub struct Shopkeeper {
    address: String,
    client: Option<Client>,
    dice: Dice,
    name: String,
    made: usize,
    /// The activity, and the machines executions are started with.
    shop: Option<(String, Vec<String>)>,
    pub ledger: Ledger,
}

impl Shopkeeper {
    pub fn of(address: &str, seed: u64, round: usize, number: usize) -> Shopkeeper {
        Shopkeeper {
            address: address.to_owned(),
            client: None,
            dice: Dice::of(seed ^ (round * 1000 + number) as u64),
            name: format!("r{round}-s{number}"),
            made: 0,
            shop: None,
            ledger: Ledger::default(),
        }
    }

    fn new_name(&mut self) -> String {
        self.made += 1;
        format!("{}-{}", self.name, self.made)
    }

    fn client(&mut self) -> Result<&mut Client> {
        if self.client.is_none() {
            self.client = Some(Client::to(&self.address)?);
        }
        Ok(self.client.as_mut().expect("it was made"))
    }

    fn ask(&mut self, operation: &str, request: Value) -> Result<Value> {
        self.client()?.ask(operation, &request)
    }

    /// Does one thing. `Err`: the server is gone.
    pub fn calls(&mut self) -> Result<()> {
        let Some((activity, machines)) = self.shop.clone() else { return self.opens() };
        match self.dice.below(10) {
            0..4 => {
                let at = self.dice.below(machines.len());
                self.starts(&machines[at]).map(drop)
            }
            4 => self.starts_and_stops(&machines[BY_WORKER]),
            5 | 6 => self.works(&activity, &machines[BY_WORKER]),
            7 | 8 => self.keeps_a_machine(),
            _ => self.keeps_an_activity(),
        }
    }

    fn opens(&mut self) -> Result<()> {
        let name = self.new_name();
        let activity = arn(&self.ask("CreateActivity", json!({ "name": name }))?, "activityArn");
        self.ledger.activities.insert(activity.clone(), false);
        let mut machines = Vec::new();
        for definition in definitions(&activity) {
            machines.push(self.creates(&definition.to_string())?);
        }
        self.shop = Some((activity, machines));
        Ok(())
    }

    fn creates(&mut self, definition: &str) -> Result<String> {
        let request = json!({"name": self.new_name(), "definition": definition, "roleArn": ROLE});
        let machine = arn(&self.ask("CreateStateMachine", request)?, "stateMachineArn");
        let known = Machine { definition: definition.to_owned(), ..Machine::default() };
        self.ledger.machines.insert(machine.clone(), known);
        Ok(machine)
    }

    fn starts(&mut self, machine: &str) -> Result<String> {
        let name = self.new_name();
        let input = json!({"name": name, "items": [1, 2, 3, 4, 5]}).to_string();
        let request = json!({"stateMachineArn": machine, "name": name, "input": input});
        let execution = arn(&self.ask("StartExecution", request)?, "executionArn");
        self.ledger.executions.insert(execution.clone(), Known::Started);
        Ok(execution)
    }

    fn starts_and_stops(&mut self, machine: &str) -> Result<()> {
        let execution = self.starts(machine)?;
        // If the server is killed now, it may have been stopped or not: then nothing is known.
        self.ledger.executions.remove(&execution);
        let error = format!("Stopped{}", self.made);
        self.ask("StopExecution", json!({"executionArn": execution, "error": error}))?;
        self.ledger.executions.insert(execution, Known::Stopped(error));
        Ok(())
    }

    fn works(&mut self, activity: &str, machine: &str) -> Result<()> {
        // Something is there to take: this, or what was started before.
        self.starts(machine)?;
        let task = self.ask("GetActivityTask", json!({"activityArn": activity, "workerName": "w"}))?;
        let Some(token) = task["taskToken"].as_str() else { return Ok(()) };
        let input: Value = serde_json::from_str(task["input"].as_str().unwrap()).unwrap();
        let output = json!({"by": self.name, "number": self.made});
        let request = json!({"taskToken": token, "output": output.to_string()});
        let (status, answer) = self.client()?.call("SendTaskSuccess", &request)?;
        if status == 200 {
            let execution = machine.replace(":stateMachine:", ":execution:") + ":" + input["name"].as_str().unwrap();
            self.ledger.executions.insert(execution, Known::Answered(output));
        } else {
            // Its heartbeat was missed, or it was stopped meanwhile.
            assert!(answer["__type"].as_str().unwrap().ends_with("#TaskTimedOut"), "{answer}");
        }
        Ok(())
    }

    /// Makes a state machine, and does to it what can be done.
    fn keeps_a_machine(&mut self) -> Result<()> {
        let definition = |number: usize| {
            json!({"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": number, "End": true}}}).to_string()
        };
        let machine = self.creates(&definition(self.made))?;
        // A call that is under way when the server is killed may have been done: then nothing is known.
        let mut known = self.ledger.machines.remove(&machine).expect("it was created");
        let changed = definition(self.made + 1);
        self.ask("UpdateStateMachine", json!({"stateMachineArn": machine, "definition": changed}))?;
        known.definition = changed;
        for _ in 0..self.dice.below(3) {
            let published = self.ask("PublishStateMachineVersion", json!({"stateMachineArn": machine}))?;
            let version = arn(&published, "stateMachineVersionArn");
            // The same revision is one version.
            known.versions = vec![version];
        }
        if let Some(version) = known.versions.first() {
            let routing = json!([{"stateMachineVersionArn": version, "weight": 100}]);
            let request = json!({"name": "live", "routingConfiguration": routing});
            known.alias = Some(arn(&self.ask("CreateStateMachineAlias", request)?, "stateMachineAliasArn"));
        }
        let tag = json!([{"key": "by", "value": self.name}]);
        self.ask("TagResource", json!({"resourceArn": machine, "tags": tag}))?;
        known.tags.insert("by".to_owned(), self.name.clone());
        if self.dice.below(3) == 0 {
            self.ask("DeleteStateMachine", json!({"stateMachineArn": machine}))?;
            known.deleted = true;
        }
        self.ledger.machines.insert(machine, known);
        Ok(())
    }

    fn keeps_an_activity(&mut self) -> Result<()> {
        let name = self.new_name();
        let activity = arn(&self.ask("CreateActivity", json!({ "name": name }))?, "activityArn");
        if self.dice.below(2) == 0 {
            self.ask("DeleteActivity", json!({"activityArn": activity}))?;
            self.ledger.activities.insert(activity, true);
        } else {
            self.ledger.activities.insert(activity, false);
        }
        Ok(())
    }
}

fn arn(answer: &Value, member: &str) -> String {
    answer[member].as_str().unwrap_or_else(|| panic!("no {member} in {answer}")).to_owned()
}
