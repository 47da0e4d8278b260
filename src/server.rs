//! The HTTP server: mounts the API, and stops gracefully.

use std::net::TcpListener;
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{Server, ServiceRequest, ServiceResponse};
use actix_web::middleware::from_fn;
use actix_web::{App as Actix, HttpMessage, HttpResponse, HttpServer, web};
use tracing::Span;
use tracing::field::Empty;
use tracing_actix_web::{DefaultRootSpanBuilder, RequestId, RootSpanBuilder, TracingLogger};
use utoipa::OpenApi;
use utoipa_actix_web::AppExt;
use utoipa_swagger_ui::{Config as SwaggerConfig, SwaggerUi};

use crate::api;
use crate::app::App;

/// The span of a request: its path, never its query, which may carry a gateway's key.
struct WithoutQuery;

impl RootSpanBuilder for WithoutQuery {
    fn on_request_start(request: &ServiceRequest) -> Span {
        let id = request.extensions().get::<RequestId>().map(ToString::to_string).unwrap_or_default();
        tracing::info_span!(
            "HTTP request",
            http.method = %request.method(),
            http.target = %request.path(),
            http.status_code = Empty,
            otel.status_code = Empty,
            exception.message = Empty,
            exception.details = Empty,
            request_id = %id,
        )
    }

    fn on_request_end<B: MessageBody>(span: Span, outcome: &Result<ServiceResponse<B>, actix_web::Error>) {
        DefaultRootSpanBuilder::on_request_end(span, outcome);
    }
}

/// Path of the OpenAPI document.
pub const DOCUMENT_PATH: &str = "/api/openapi.json";

/// The OpenAPI document, generated from the routes as they are mounted.
pub fn document() -> utoipa::openapi::OpenApi {
    let (_, document) = Actix::new()
        .into_utoipa_app()
        .openapi(api::Document::openapi())
        .configure(api::routes)
        .split_for_parts();
    document
}

/// Serves on a bound listener until its handle is stopped.
pub fn serve(app: App, listener: TcpListener) -> std::io::Result<Server> {
    let limits = web::Data::new(api::RateLimits::new(&app.config.limits));
    let proofs = web::Data::new(api::Proofs::default());
    let document = web::Data::new(serde_json::to_string(&document())?);
    let (threads, stop) = (app.config.server.threads, app.config.server.stop_seconds);
    let state = web::Data::new(app);
    let mut server = HttpServer::new(move || {
        let app = state.clone();
        let (mounted, _) = Actix::new()
            .app_data(state.clone())
            .app_data(limits.clone())
            .app_data(proofs.clone())
            .app_data(document.clone())
            .wrap(from_fn(api::around))
            .wrap(TracingLogger::<WithoutQuery>::new())
            .wrap(actix_web::middleware::Compress::default())
            .into_utoipa_app()
            .configure(api::routes)
            .split_for_parts();
        mounted
            .configure(move |config| api::parsing(config, &app))
            .route(DOCUMENT_PATH, web::get().to(read_document))
            .service(SwaggerUi::new("/api/docs/{_:.*}").config(SwaggerConfig::from(DOCUMENT_PATH)))
            .route("/api/docs", web::get().to(to_docs))
            .route("/", web::get().to(to_docs))
            .configure(api::bare_routes)
    })
    .listen(listener)?
    .shutdown_timeout(stop)
    .keep_alive(Duration::from_secs(75))
    .disable_signals();
    if threads > 0 {
        server = server.workers(threads);
    }
    Ok(server.run())
}

async fn read_document(document: web::Data<String>) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(document.as_str().to_owned())
}

async fn to_docs() -> HttpResponse {
    HttpResponse::Found().insert_header(("Location", "/api/docs/")).finish()
}
