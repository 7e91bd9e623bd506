#!/usr/bin/env bash
# Rebuilds assets/hearth-demo from nothing: tokenizer, training, export, checks, figures, card.
# usage: tools/demo-model/rebuild.sh [STEPS [SEED]]   (needs what requirements.txt names)
set -euo pipefail
cd "$(dirname "$0")"
steps=${1:-2700}
seed=${2:-1}
checkpoint=${CHECKPOINT:-../../build/demo-model/checkpoint.pt}
mkdir -p "$(dirname "$checkpoint")"
export OMP_WAIT_POLICY=passive # threads that spin while they wait would stall a busy machine

python train_tokenizer.py
# A run that was cut off goes on from its last checkpoint.
torchrun --nproc-per-node 2 train.py --steps "$steps" --seed "$seed" \
  --checkpoint "$checkpoint" --compile
python export.py --checkpoint "$checkpoint"
python check.py --checkpoint "$checkpoint"
python evaluate.py
python card.py --checkpoint "$checkpoint"
