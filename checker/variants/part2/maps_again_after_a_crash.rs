//! kind = "near-miss"
//! problem = 6
//! claim = "a manager that crashed goes on"
//! about = "A manager that crashed has all map tasks done again."
//! mistakes = ["maps-again-after-a-crash"]

// ── file manager.rs
// ── gap 6: functions of your own
#[derive(Debug, Serialize, Deserialize)]
enum Entry {
    Accepted(JobId, JobSpec),
    Done(Attempt, Product),
    Over(JobId, Result<Summary, String>),
}

async fn write_down(entry: &Entry, ctx: &Ctx<ManagerMsg>) {
    let _ = Journal::append(ctx, entry).await;
}

async fn recover(mut jobs: BTreeMap<JobId, Job>, ctx: &Ctx<ManagerMsg>) -> BTreeMap<JobId, Job> {
    for entry in Journal::read(ctx).await.unwrap_or_default() {
        match entry {
            Entry::Accepted(id, spec) => {
                if let Ok(job) = Job::new(id.clone(), spec) {
                    jobs.insert(id, job);
                }
            }
            Entry::Done(attempt, product) if matches!(attempt.task, TaskId::Reduce(_)) => {
                let job = jobs.get_mut(&attempt.job);
                if let Some(task) = job.and_then(|job| job.task(attempt.task)) {
                    task.product = Some(product);
                }
            }
            Entry::Done(..) => {}
            Entry::Over(id, outcome) => {
                if let Some(job) = jobs.get_mut(&id) {
                    job.outcome = Some(outcome);
                }
            }
        }
    }
    let here = |node: &NodeName| node == ctx.name() || ctx.list().contains(node);
    for job in jobs.values_mut().filter(|job| job.outcome.is_none()) {
        for task in &mut job.maps {
            if task.map_output().is_some_and(|output| !here(&output.node)) {
                task.product = None;
            }
        }
        job.note_progress();
        if job.reduces.iter().all(|task| task.product.is_some()) {
            job.complete();
        }
    }
    jobs
}
// ── end 6
