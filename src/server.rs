//! The HTTP server: mounts the API, and stops gracefully.

use std::net::TcpListener;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::middleware::from_fn;
use actix_web::{App as Actix, HttpResponse, HttpServer, web};
use utoipa::OpenApi;
use utoipa_actix_web::AppExt;
use utoipa_swagger_ui::{Config as SwaggerConfig, SwaggerUi};

use crate::api;
use crate::app::App;

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
    let document = web::Data::new(serde_json::to_string(&document())?);
    let (threads, stop) = (app.config.server.threads, app.config.server.stop_seconds);
    let state = web::Data::new(app);
    let mut server = HttpServer::new(move || {
        let app = state.clone();
        let (mounted, _) = Actix::new()
            .app_data(state.clone())
            .app_data(limits.clone())
            .app_data(document.clone())
            .wrap(from_fn(api::around))
            .wrap(tracing_actix_web::TracingLogger::default())
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
