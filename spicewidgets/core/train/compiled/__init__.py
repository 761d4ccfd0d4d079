"""The fast path: a model's forward, traced once and compiled, gives loss and gradient in one call.

A fit computes the same few formulas millions of times: for each trial, each session, each epoch. In torch,
nearly all of that time goes into the handling of tiny tensors. Here the formulas are read off the model's
own `forward`, whoever wrote it, and become one loop in machine code. Training asks `losses.Losses` for a
loss, and gets a compiled one where the model can be compiled, else an `EagerLoss`; nothing else changes.

How it works, file by file, in the order in which things happen:

1. **Trace** (`symbolic.py`; `operations.py`, `shapes.py`, `sums.py`; `tracing.py`). The forward is run
   once, for one trial. Instead of the data it gets symbols: a symbol looks like a tensor of all sessions
   and holds one expression for each arm. Every torch function that meets a symbol is followed by a handler
   that does the same to the expressions; one without a handler stops the trace with a reason. When the loop
   begins, the memory state is taken as the initial one and replaced by symbols, so that the state returned
   at the end says what one trial does. `print(trial_text(model))` (`listing.py`) shows the result.

2. **Prelude** (`prelude.py`). What a forward does with real tensors (embeddings, betas, learned initial
   values) stays torch: these operations are recorded, and run again with autograd for each new set of
   weights. They do not depend on the trial, so this costs little. Weights that reach the loop unchanged, as
   those of the standard module do, skip it. Dropout draws its masks here, or for each trial, in the order
   in which the forward does.

3. **Expressions** (`graph.py`, `trial.py`). Equal expressions are one node; the derivative of the trial, by
   the chain rule from its end to its beginning, is more nodes of the same graph.

4. **Kernel** (`emit.py`, `vectors.py`, `kernel.py`). The source, in the language of LLVM: for each start
   and each block of 16 sessions (8 in float64), forward through the trials, the cross entropy, and
   backward. Every number is a vector with one lane for each session of the block, so nothing is left to a
   compiler's luck, and only the compiler's last stage is needed: 30 to 100 ms, once for each structure of
   model in a process. Tracing and writing the source take a fifth of that, so a cache of the source would
   save little; and machine code is never stored. Exponentials and logarithms are our own, exact to the last
   places. What is expensive to compute is saved by the forward pass for the backward pass. Sums over
   sessions are in float64.

5. **Loss** (`loss.py`). Weights go in as flat vectors, one row for each start; several starts, or resamples
   of the sessions (`counts`), are one call.

6. **Check** (`check.py`). Before any of it is used, loss and gradient are compared with the eager path: on
   a few whole sessions, in float64, at weights moved away from the initial ones, with the same truncation
   and the same masks of dropout. A forward that counts trials, looks at several of them, or keeps something
   outside its state traces well and computes something else: this is where it is noticed. The training then
   runs eagerly, and each record says why (`Epoch.eager`).

Beside training, `sensitivities.py` gives the likelihood of equations with its gradient and curvature, for
numbers that each participant has of their own.

**Numbers that are none.** A kernel is finite, infinite or not a number (NaN) exactly where the eager path
is, in loss and gradient: `log` at 0 and below, powers that overflow, `0 * inf`. So nothing is made simpler
that is the same for finite numbers only (`0 * x` stays), derivatives are torch's own formulas, and sessions
that do not count (those that fill up a block, or that a resample left out) are left out by selection, never
multiplied by 0. `tests/core/train/compiled/test_extremes.py` compares every operation at the ends of the
range. The one exception: the slopes by weights that a module's structure keeps at 0 are 0, or all NaN where
one slope of that start is not finite. A number that the loss does not use has no slope in torch, and here a
slope of 0, which is NaN times an infinite derivative: where a gradient is not finite at finite weights, torch
is asked, and its answer taken.

**What to rely on.** The same seed gives the same bits on the same machine, since whether a training is
compiled depends on its settings, model and data only. Compiled and eager agree to 1e-5 in the gradient
(float32; 1e-10 in float64), not bit for bit. A trial of more than 4000 operations is left to torch, which
does well with large ones.

To add an operation, write a handler in `operations.py`; a function that cannot be put together from others
also needs its derivative in `graph.py` and its code in `vectors.py`.
"""

from .check import check, prepare, states_before
from .listing import trial_text

__all__ = ["check", "prepare", "states_before", "trial_text"]
