//! kind = "near-miss"
//! problem = 2
//! claim = "the output appears in one step"
//! about = "The manager puts a file into the output folder for each partition that it commits."

// ── file manager.rs
// ── replace
    return;
}
write_down(&Entry::Done(attempt.clone(), product.clone()), ctx).await;
// ── with
    return;
}
if let Product::Reduce(output, _) = &product {
    let output = job.spec.output.join(part(output.partition));
    let _ = fs::create_dir_all(&job.spec.output);
    let _ = fs::write(output, b"");
}
write_down(&Entry::Done(attempt.clone(), product.clone()), ctx).await;
// ── end
// ── replace
Ok(()) => job.complete(),
// ── with
Ok(()) => {
    let _ = fs::remove_dir_all(&job.spec.output);
    job.complete();
}
// ── end
// ── add
use batch::output::part;
use std::fs;
// ── end
