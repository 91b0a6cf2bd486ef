//! Rows of the registry that belong to somebody's resources: state machines and activities. A resource is one row, with
//! all that belongs to it (versions, aliases, tags), so that every change is whole, and none is lost to another one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use stepwell_asl::Text;

use crate::error::EngineError;
use crate::store::{RecordKind, Store, StoreError};

/// Resources that are read at once where they are counted.
const COUNTED_MAX: usize = 1_000;

/// A resource as it is kept.
pub(crate) trait Resource: Send + Sync + Sized {
    /// Its rows.
    const KIND: RecordKind;

    /// As it is stored.
    fn encode(&self) -> Vec<u8>;

    /// As it was stored, under this ARN.
    fn decode(arn: &str, bytes: &[u8]) -> Result<Self, EngineError>;

    /// There are so many that there may not be another one.
    fn too_many(max: usize) -> EngineError;
}

/// What becomes of a resource.
pub(crate) enum Change<T> {
    /// It stays as it is.
    Nothing,
    /// It is there, and like this.
    Put(T),
    /// It goes.
    Remove,
}

/// The resources of one kind. What was read stays in memory.
pub(crate) struct Resources<T> {
    known: Mutex<HashMap<Text, Arc<T>>>,
    /// Whoever writes, and whoever reads what is not in memory, does it alone: memory never has what the store had before.
    /// Holds how many there are, once somebody had to know.
    turn: tokio::sync::Mutex<Option<usize>>,
}

impl<T> Default for Resources<T> {
    fn default() -> Resources<T> {
        Resources { known: Mutex::default(), turn: tokio::sync::Mutex::default() }
    }
}

impl<T: Resource> Resources<T> {
    /// The resource of an ARN.
    pub async fn get(&self, store: &dyn Store, arn: &str) -> Result<Option<Arc<T>>, EngineError> {
        if let Some(there) = self.lock().get(arn) {
            return Ok(Some(there.clone()));
        }
        let _turn = self.turn.lock().await;
        let Some((_, there)) = read::<T>(store, arn).await? else { return Ok(None) };
        let there = Arc::new(there);
        self.lock().insert(arn.into(), there.clone());
        Ok(Some(there))
    }

    /// Changes a resource: `change` sees what there is and tells what shall be. It is asked again where somebody else was
    /// first. What comes back is durable.
    pub async fn change<R>(
        &self,
        store: &dyn Store,
        arn: &str,
        max: Option<usize>,
        mut change: impl FnMut(Option<&T>) -> Result<(Change<T>, R), EngineError>,
    ) -> Result<R, EngineError> {
        let mut count = self.turn.lock().await;
        loop {
            let before = read::<T>(store, arn).await?;
            let (revision, before) = before.map_or((0, None), |(revision, there)| (revision, Some(there)));
            let (change, result) = change(before.as_ref())?;
            if matches!(change, Change::Nothing) {
                return Ok(result);
            }
            if let (Change::Put(_), None, Some(max)) = (&change, before, max)
                && self.count(store, &mut count).await? >= max
            {
                return Err(T::too_many(max));
            }
            match self.write(store, arn, revision, change, &mut count).await {
                Ok(()) => return Ok(result),
                Err(StoreError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    async fn write(
        &self,
        store: &dyn Store,
        arn: &str,
        revision: u64,
        change: Change<T>,
        count: &mut Option<usize>,
    ) -> Result<(), StoreError> {
        // Whoever asked may go away while this is being written. Then nothing in memory says what was before.
        self.lock().remove(arn);
        let counted = count.take();
        match change {
            Change::Nothing => *count = counted,
            Change::Put(there) => {
                store.put(T::KIND, arn, Some(revision), there.encode().into()).await?;
                self.lock().insert(arn.into(), Arc::new(there));
                *count = counted.map(|count| if revision == 0 { count + 1 } else { count });
            }
            Change::Remove => {
                let was_there = store.remove(T::KIND, arn, Some(revision)).await?;
                *count = counted.map(|count| count.saturating_sub(usize::from(was_there)));
            }
        }
        Ok(())
    }

    /// Resources by ARN, after a given one.
    pub async fn list(&self, store: &dyn Store, after: Option<&str>, limit: usize) -> Result<Vec<T>, EngineError> {
        let records = store.records(T::KIND, "", after, limit).await?;
        records.iter().map(|record| T::decode(&record.name, &record.value)).collect()
    }

    async fn count(&self, store: &dyn Store, counted: &mut Option<usize>) -> Result<usize, EngineError> {
        if let Some(count) = *counted {
            return Ok(count);
        }
        let (mut count, mut after) = (0, None);
        loop {
            let records = store.records(T::KIND, "", after.as_deref(), COUNTED_MAX).await?;
            count += records.len();
            match records.into_iter().nth(COUNTED_MAX - 1) {
                Some(last) => after = Some(last.name),
                None => break,
            }
        }
        *counted = Some(count);
        Ok(count)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Text, Arc<T>>> {
        // Every critical section is whole at every step.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn read<T: Resource>(store: &dyn Store, arn: &str) -> Result<Option<(u64, T)>, EngineError> {
    let Some(record) = store.get(T::KIND, arn).await? else { return Ok(None) };
    Ok(Some((record.revision, T::decode(arn, &record.value)?)))
}
