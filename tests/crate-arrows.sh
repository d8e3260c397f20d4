#!/usr/bin/env bash
# Crates point one way. Each line below names a crate and what must not be in its tree of normal dependencies.
set -euo pipefail

failed=0
refuse() {
    local crate=$1 pattern=$2 options=${3:-}
    # shellcheck disable=SC2086 # options are words
    if found=$(cargo tree -p "$crate" -e normal --prefix none $options | tail -n +2 | grep -E "^($pattern) v" | sort -u); then
        printf '%s must not depend on:\n%s\n' "$crate" "$found"
        failed=1
    fi
}

ours='jaeger-dynamodb-[a-z-]+'
refuse jaeger-dynamodb-core "aws-.*|prost.*|tonic.*|tokio|$ours"
refuse jaeger-dynamodb-proto "aws-.*|tonic.*|tokio|jaeger-dynamodb-(dynamo|grpc|embedded|runtime|loadgen|testkit)"
refuse jaeger-dynamodb-dynamo "tonic.*|axum.*|lambda.*|dynoxide.*|jaeger-dynamodb-(grpc|embedded|runtime|loadgen|testkit)"
refuse jaeger-dynamodb-grpc "aws-.*|dynoxide.*|jaeger-dynamodb-(dynamo|embedded|runtime|loadgen|testkit)"
refuse jaeger-dynamodb-embedded "tonic.*|axum.*|$ours"
refuse jaeger-dynamodb-go-plugin "aws-.*|dynoxide.*|rustls|$ours"
refuse jaeger-dynamodb-runtime "tonic.*|dynoxide.*|$ours"
refuse jaeger-dynamodb-loadgen "aws-.*|tonic.*|tokio|jaeger-dynamodb-(dynamo|grpc|embedded|runtime|testkit)"
refuse jaeger-dynamodb-loadgen-cli "dynoxide.*|jaeger-dynamodb-(dynamo|grpc|embedded|testkit)"
refuse jaeger-dynamodb-storage "tonic.*|jaeger-dynamodb-(grpc|go-plugin|testkit|loadgen)"
refuse jaeger-dynamodb-stream "tonic.*|axum.*|dynoxide.*|lambda_runtime|jaeger-dynamodb-(grpc|embedded|runtime|storage|testkit|loadgen)"
refuse jaeger-dynamodb-dependency-lambda "dynoxide.*|tonic.*|reqwest|jaeger-dynamodb-(grpc|embedded|storage|testkit|loadgen)"
refuse jaeger-dynamodb-admin "tonic.*|lambda_runtime|jaeger-dynamodb-(grpc|testkit|loadgen)"
refuse jaeger-dynamodb-plugin "jaeger-dynamodb-(testkit|loadgen)"
refuse jaeger-dynamodb-server "jaeger-dynamodb-(testkit|loadgen)"
refuse jaeger-dynamodb-faults "jaeger-dynamodb-(server|plugin|storage|loadgen)"
refuse jaeger-dynamodb-example-embed "tonic.*|axum.*|jaeger-dynamodb-(grpc|runtime|testkit|loadgen)"

if [ "$failed" -eq 0 ]; then
    echo "all crates point one way"
fi
exit "$failed"
