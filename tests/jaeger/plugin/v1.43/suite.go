// Package suite makes the storage tests of Jaeger v1.43 a dependency, for run.sh to build.
package suite

import _ "github.com/jaegertracing/jaeger/plugin/storage/integration"
