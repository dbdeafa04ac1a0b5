#!/bin/bash
# A run in shards on a Slurm cluster:
#
#     SCENARIO=my.yaml OUTPUT=/scratch/me/my.nc sbatch --array=1-16 run-shards.sh
#
# One array task computes one shard, and is continued from its checkpoint when it is preempted, requeued or
# killed with its node. After the last:
#
#     simulate merge /scratch/me/my.*-of-16.shard -o /scratch/me/my.nc
#
# (or by itself: sbatch --dependency=afterok:JOB --wrap "simulate merge ...")
#
# Train first, once ('simulate train my.yaml -o my.safetensors', and 'model: {file: my.safetensors}' in the
# scenario), or every task trains the same model. All nodes must be of one kind: processors with other vector
# instructions round differently, and 'merge' refuses such a mixture.
#SBATCH --job-name=simulate
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --signal=TERM@60
#SBATCH --output=%x-%A_%a.log
set -euo pipefail
simulate=${SIMULATE:-simulate}
threads=${SLURM_CPUS_PER_TASK:-1}
shard=$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_MAX

# 'srun' passes signals on. 130: the time limit is near, and the state is saved: back into the queue.
status=0
srun --ntasks=1 "$simulate" run "$SCENARIO" -o "$OUTPUT" --shard "$shard" --resume --threads "$threads" ||
  status=$?
if [ "$status" -eq 130 ]; then scontrol requeue "${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID"; fi
exit "$status"
