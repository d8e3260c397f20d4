//! Exceptions with their stack traces.

use crate::model::Exception;

pub(super) const GO: &[Exception] = &[Exception {
    class: "*status.Error",
    message: "rpc error: code = Internal desc = product catalog is not available",
    stack: "goroutine 4117 [running]:\n\
        go.opentelemetry.io/otel/sdk/trace.recordStackTrace()\n\
        \t/go/pkg/mod/go.opentelemetry.io/otel/sdk@v1.37.0/trace/span.go:495 +0x2e\n\
        go.opentelemetry.io/otel/sdk/trace.(*recordingSpan).RecordError(0xc0004d6180, {0x14a2c40, 0xc00061a0f0})\n\
        \t/go/pkg/mod/go.opentelemetry.io/otel/sdk@v1.37.0/trace/span.go:448 +0x4a5\n\
        main.(*server).lookUp(0xc00011e2d0, {0x14ac128, 0xc0006ff4a0}, 0xc00041a8c0)\n\
        \t/usr/src/app/main.go:312 +0x4fd\n\
        google.golang.org/grpc.(*Server).processUnaryRPC(0xc000160200)\n\
        \t/go/pkg/mod/google.golang.org/grpc@v1.73.0/server.go:1405 +0x1036",
}];

pub(super) const NODE: &[Exception] = &[
    Exception {
        class: "Error",
        message: "13 INTERNAL: payment request was refused: the token is invalid",
        stack: "Error: 13 INTERNAL: payment request was refused: the token is invalid\n    \
            at callErrorFromStatus (/app/node_modules/@grpc/grpc-js/build/src/call.js:31:19)\n    \
            at Object.onReceiveStatus (/app/node_modules/@grpc/grpc-js/build/src/client.js:193:76)\n    \
            at Object.onReceiveStatus (/app/node_modules/@grpc/grpc-js/build/src/client-interceptors.js:360:141)\n    \
            at /app/node_modules/@grpc/grpc-js/build/src/resolving-call.js:129:78\n    \
            at process.processTicksAndRejections (node:internal/process/task_queues:85:11)",
    },
    Exception {
        class: "TypeError",
        message: "Cannot read properties of undefined (reading 'units')",
        stack: "TypeError: Cannot read properties of undefined (reading 'units')\n    \
            at formatPrice (/app/.next/server/chunks/428.js:1:9127)\n    \
            at handler (/app/.next/server/pages/api/cart.js:1:2213)\n    \
            at async apiResolver (/app/node_modules/next/dist/server/api-utils/node/api-resolver.js:329:9)\n    \
            at async PagesAPIRouteModule.render (/app/node_modules/next/dist/server/route-modules/module.js:71:9)",
    },
];

pub(super) const JAVA: &[Exception] = &[Exception {
    class: "io.grpc.StatusRuntimeException",
    message: "RESOURCE_EXHAUSTED: too many ads asked for",
    stack: "io.grpc.StatusRuntimeException: RESOURCE_EXHAUSTED: too many ads asked for\n\
        \tat shop.ad.AdService$Handler.getAds(AdService.java:178)\n\
        \tat shop.v1.AdServiceGrpc$MethodHandlers.invoke(AdServiceGrpc.java:263)\n\
        \tat io.grpc.stub.ServerCalls$UnaryServerCallHandler$UnaryServerCallListener.onHalfClose(ServerCalls.java:182)\n\
        \tat io.grpc.internal.ServerCallImpl$ServerStreamListenerImpl.halfClosed(ServerCallImpl.java:356)\n\
        \tat io.grpc.internal.ContextRunnable.run(ContextRunnable.java:37)\n\
        \tat java.base/java.util.concurrent.ThreadPoolExecutor.runWorker(ThreadPoolExecutor.java:1144)\n\
        \tat java.base/java.lang.Thread.run(Thread.java:1583)",
}];

pub(super) const DOTNET: &[Exception] = &[Exception {
    class: "Grpc.Core.RpcException",
    message: "Status(StatusCode=\"FailedPrecondition\", Detail=\"Can't access cart storage.\")",
    stack: "Grpc.Core.RpcException: Status(StatusCode=\"FailedPrecondition\", Detail=\"Can't access cart storage.\")\n   \
        at cart.storage.ValkeyCartStore.EnsureConnected() in /usr/src/app/src/storage/ValkeyCartStore.cs:line 91\n   \
        at cart.storage.ValkeyCartStore.EmptyCartAsync(String userId) in /usr/src/app/src/storage/ValkeyCartStore.cs:line 174\n   \
        at cart.services.CartService.EmptyCart(EmptyCartRequest request, ServerCallContext context) in /usr/src/app/src/services/CartService.cs:line 88\n   \
        at Grpc.Shared.Server.UnaryServerMethodInvoker`3.ResolvedInterceptorInvoker(TRequest resolvedRequest, ServerCallContext resolvedContext)",
}];

pub(super) const PYTHON: &[Exception] = &[Exception {
    class: "grpc._channel._InactiveRpcError",
    message: "<_InactiveRpcError of RPC that terminated with: status = StatusCode.UNAVAILABLE>",
    stack: "Traceback (most recent call last):\n  \
        File \"/app/recommendation_server.py\", line 67, in ListRecommendations\n    \
        products = get_product_list(request.product_ids)\n  \
        File \"/app/recommendation_server.py\", line 104, in get_product_list\n    \
        response = catalog.ListProducts(Empty())\n  \
        File \"/usr/local/lib/python3.12/site-packages/grpc/_channel.py\", line 1181, in __call__\n    \
        return _end_unary_response_blocking(state, call, False, None)\n\
        grpc._channel._InactiveRpcError: <_InactiveRpcError of RPC that terminated with: status = StatusCode.UNAVAILABLE>\n",
}];

pub(super) const PHP: &[Exception] = &[Exception {
    class: "InvalidArgumentException",
    message: "number of items is missing",
    stack: "InvalidArgumentException: number of items is missing\n \
        at App.calculateQuote(/var/www/app/routes.php:24)\n \
        at Slim.Handlers.Strategies.RequestResponse.__invoke(/var/www/vendor/slim/slim/Slim/Handlers/Strategies/RequestResponse.php:38)\n \
        at Slim.Routing.Route.handle(/var/www/vendor/slim/slim/Slim/Routing/Route.php:363)\n \
        at Slim.App.run(/var/www/vendor/slim/slim/Slim/App.php:173)",
}];

pub(super) const RUBY: &[Exception] = &[Exception {
    class: "Net::OpenTimeout",
    message: "execution expired",
    stack: "/usr/local/lib/ruby/3.4.0/net/protocol.rb:229:in 'Socket.tcp': execution expired (Net::OpenTimeout)\n\
        \tfrom /usr/local/lib/ruby/3.4.0/net/smtp.rb:665:in 'Net::SMTP#do_start'\n\
        \tfrom /usr/local/bundle/gems/pony-1.13.1/lib/pony.rb:166:in 'Pony.deliver'\n\
        \tfrom /email_server/email_server.rb:52:in 'block in Object#send_email'\n\
        \tfrom /usr/local/bundle/gems/sinatra-4.1.1/lib/sinatra/base.rb:1804:in 'Sinatra::Base#call!'",
}];
