//! What a call of Open311 asks for: its ending, its parameters, its form.

use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpRequest, web};

use crate::db::types::{CaseId, Time};
use crate::domain::open311::{ROWS, Request, Update, UpdatesWanted, Wanted};
use crate::error::{Code, Error, FieldError, Fields, Result};

/// The two forms of every answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Xml,
    Json,
}

/// The last piece of a path without its ending, and the form that it asks for; XML where it asks for none.
pub fn ending(path: &str) -> (&str, Format) {
    if let Some(name) = path.strip_suffix(".json") {
        return (name, Format::Json);
    }
    match path.strip_suffix(".xml") {
        Some(name) => (name, Format::Xml),
        // without an ending it is no address of the interface
        None => ("", Format::Xml),
    }
}

/// The parameters of a call; a null one is as good as none.
#[derive(Debug, Clone, Default)]
pub struct Asked(Vec<(String, String)>);

fn pairs(text: &str) -> Vec<(String, String)> {
    let read = web::Query::<Vec<(String, String)>>::from_query(text);
    read.map(web::Query::into_inner).unwrap_or_default()
}

impl Asked {
    /// Those of the address.
    pub fn query(request: &HttpRequest) -> Self {
        Self(pairs(request.query_string()))
    }

    /// Those of the body as well, which go before those of the address.
    pub fn add_form(&mut self, request: &HttpRequest, body: &[u8]) -> Result<()> {
        let kind =
            request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !body.is_empty() && !kind.starts_with("application/x-www-form-urlencoded") {
            return Err(Error::Malformed(Code::Open311Form));
        }
        let text = std::str::from_utf8(body).map_err(|_| Error::Malformed(Code::Open311Form))?;
        let mut own = pairs(text);
        own.append(&mut self.0);
        self.0 = own;
        Ok(())
    }

    /// A parameter that says something.
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(key, value)| key == name && !value.trim().is_empty());
        found.map(|(_, value)| value.trim()).filter(|value| *value != "null")
    }

    fn own(&self, name: &str) -> Option<String> {
        self.get(name).map(str::to_owned)
    }

    fn attribute(&self, code: &str) -> Option<String> {
        self.own(&format!("attribute[{code}]")).or_else(|| self.own(&format!("attribute[{code}][]")))
    }

    fn list(&self, name: &str) -> Vec<String> {
        let told = self.get(name).unwrap_or_default();
        told.split(',').map(str::trim).filter(|one| !one.is_empty()).map(str::to_owned).collect()
    }

    fn time(&self, name: &str, fields: &mut Fields) -> Option<Time> {
        let told = self.get(name)?;
        let read = told.parse::<Time>().map_err(|_| {
            let (fa, en) = (
                "زمانی با منطقه زمانی، مانند 2026-06-10T09:30:00+03:30.",
                "A time with its zone, such as 2026-06-10T09:30:00+03:30.",
            );
            FieldError::new(name, "invalid", fa, en)
        });
        fields.take(read)
    }

    /// Ids that there can be; others are found nowhere.
    fn ids(&self) -> Option<Vec<CaseId>> {
        self.get("service_request_id")?;
        Some(self.list("service_request_id").iter().filter_map(|id| id.parse().ok()).take(1000).collect())
    }

    /// Which requests are wanted.
    pub fn wanted(&self) -> Result<Wanted> {
        let mut fields = Fields::default();
        let number = |name: &str, default: i64, most: i64, fields: &mut Fields| {
            let told = self.get(name).map_or(Some(default), |told| told.parse().ok());
            told.filter(|number| (1..=most).contains(number)).unwrap_or_else(|| {
                let (fa, en) = (format!("میان ۱ و {most}."), format!("Between 1 and {most}."));
                fields.add(FieldError::new(name, "out_of_range", fa, en));
                default
            })
        };
        let (page, size) =
            (number("page", 1, ROWS, &mut fields), number("page_size", ROWS, ROWS, &mut fields));
        let closed = self.status(&mut fields);
        let wanted = Wanted {
            ids: self.ids(),
            services: self.list("service_code"),
            from: self.time("start_date", &mut fields),
            to: self.time("end_date", &mut fields),
            updated_from: self.time("updated_after", &mut fields),
            updated_to: self.time("updated_before", &mut fields),
            closed,
            page,
            size,
        };
        fields.finish()?;
        Ok(wanted)
    }

    fn status(&self, fields: &mut Fields) -> Option<bool> {
        let (mut open, mut closed) = (false, false);
        for one in self.list("status") {
            match one.as_str() {
                "open" => open = true,
                "closed" => closed = true,
                other => {
                    let (fa, en) =
                        (format!("«{other}»: open یا closed."), format!("'{other}': open or closed."));
                    fields.add(FieldError::new("status", "unknown", fa, en));
                }
            }
        }
        (open != closed).then_some(closed)
    }

    /// Which updates are wanted.
    pub fn updates_wanted(&self) -> Result<UpdatesWanted> {
        let mut fields = Fields::default();
        let wanted = UpdatesWanted {
            ids: self.ids(),
            from: self.time("start_date", &mut fields),
            to: self.time("end_date", &mut fields),
        };
        fields.finish()?;
        Ok(wanted)
    }

    /// A request as it is sent.
    pub fn request(&self) -> Request {
        Request {
            service_code: self.own("service_code"),
            lat: self.own("lat"),
            long: self.own("long"),
            address_string: self.own("address_string"),
            address_id: self.own("address_id"),
            email: self.own("email"),
            first_name: self.own("first_name"),
            last_name: self.own("last_name"),
            phone: self.own("phone"),
            description: self.own("description"),
            media_url: self.own("media_url"),
            kind: self.attribute("kind"),
            national_id: self.attribute("national_id"),
            province: self.attribute("province"),
            county: self.attribute("county"),
            remedy_sought: self.attribute("remedy_sought"),
            public: self.attribute("public"),
        }
    }

    /// An update as it is sent.
    pub fn update(&self) -> Update {
        Update {
            service_request_id: self.own("service_request_id"),
            update_id: self.own("update_id"),
            description: self.own("description"),
        }
    }
}

/// The fields of the service by the names that GeoReport gives them.
const NAMES: [(&str, &str); 11] = [
    ("text", "description"),
    ("kind", "attribute[kind]"),
    ("remedy_sought", "attribute[remedy_sought]"),
    ("citizen.national_id", "attribute[national_id]"),
    ("citizen.mobile", "phone"),
    ("citizen.phone", "phone"),
    ("citizen.email", "email"),
    ("citizen.name", "first_name"),
    ("place.address", "address_string"),
    ("place.lat", "lat"),
    ("place.lon", "long"),
];

/// An error whose fields are named as the caller named them.
pub fn renamed(error: Error) -> Error {
    let Error::Invalid(mut wrong) = error else { return error };
    for field in &mut wrong {
        let own = match field.field.as_str() {
            "place.province" => "attribute[province]",
            "place.county" => "attribute[county]",
            told => NAMES.iter().find(|(name, _)| *name == told).map_or(told, |(_, own)| *own),
        };
        field.field = own.to_owned();
    }
    Error::Invalid(wrong)
}
