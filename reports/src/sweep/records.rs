//! The points of a sweep for other programs.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use parquet::basic::{ConvertedType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{
    SerializedColumnWriter, SerializedFileWriter, SerializedRowGroupWriter,
};
use parquet::schema::types::Type;
use serde::Serialize;
use sim_experiments::sweep::{Chooser, Point, PointState};
use sim_models::study::Level;

use super::journal::{Journal, JournalError, in_order};
use super::{Header, files};
use crate::files::WriteError;

/// Rows that are encoded together, and held in memory for that.
const ROW_GROUP: usize = 16_384;

fn state(point: &Point) -> (&'static str, String) {
    match &point.state {
        PointState::Measured => ("measured", String::new()),
        PointState::Abandoned(better) => ("abandoned", format!("point {better} is clearly better")),
        PointState::Unsound(why) => ("unsound", why.clone()),
        PointState::Stopped(limit) => ("stopped", format!("{limit} was reached")),
    }
}

/// The points as CSV, one row a point: the values of the parameters, then each figure and the
/// half-width of its 95 % interval.
///
/// # Errors
/// If a journal cannot be read, a point is missing, or nothing can be written.
pub fn csv(header: &Header, journals: &[Journal], out: &mut dyn Write) -> Result<(), JournalError> {
    let chooser = header.chooser();
    let mut writer = csv::Writer::from_writer(out);
    let figures = header
        .plan
        .figures
        .iter()
        .flat_map(|figure| [figure.text.clone(), format!("{} ±95%", figure.text)]);
    let parameters = header.plan.parameters.iter().map(|parameter| parameter.path.clone());
    let fixed = ["point", "state", "replications"].map(str::to_owned);
    let row: Vec<String> = fixed.into_iter().chain(parameters).chain(figures).collect();
    writer.write_record(row).map_err(WriteError::from)?;
    in_order(journals, header.plan.points(), &mut |point| {
        let shown = chooser.levels(point.point).into_iter().map(|level| level.shown);
        let number =
            |number: Option<f64>| number.map_or_else(String::new, |number| number.to_string());
        let figures = point.figures.iter().flat_map(|figure| {
            [
                number(figure.map(|figure| figure.mean)),
                number(figure.and_then(|figure| figure.half_width)),
            ]
        });
        let fixed =
            [point.point.to_string(), state(&point).0.to_owned(), point.replications.to_string()];
        let row: Vec<String> = fixed.into_iter().chain(shown).chain(figures).collect();
        Ok(writer.write_record(row).map_err(WriteError::from)?)
    })?;
    Ok(writer.flush().map_err(|cause| WriteError::File { path: "points.csv".into(), cause })?)
}

/// A self-describing JSON document: the header, and one object a point with everything by its name.
///
/// # Errors
/// If a journal cannot be read, a point is missing, or nothing can be written.
pub fn json(
    header: &Header,
    journals: &[Journal],
    out: &mut dyn Write,
) -> Result<(), JournalError> {
    #[derive(Serialize)]
    struct Record<'a> {
        point: u64,
        state: &'static str,
        #[serde(skip_serializing_if = "String::is_empty")]
        reason: String,
        replications: u32,
        values: indexmap::IndexMap<&'a str, String>,
        figures: indexmap::IndexMap<&'a str, &'a Option<sim_experiments::sweep::Estimate>>,
    }
    let chooser = header.chooser();
    let failed = |cause: std::io::Error| WriteError::File { path: "sweep.json".into(), cause };
    let sweep = serde_json::to_string(header).map_err(|error| failed(error.into()))?;
    write!(out, "{{\n\"sweep\": {sweep},\n\"points\": [").map_err(failed)?;
    in_order(journals, header.plan.points(), &mut |point| {
        let (state, reason) = state(&point);
        let levels = chooser.levels(point.point);
        let parameters = header.plan.parameters.iter().map(|parameter| parameter.path.as_str());
        let figures = header.plan.figures.iter().map(|figure| figure.text.as_str());
        let record = Record {
            point: point.point,
            state,
            reason,
            replications: point.replications,
            values: parameters.zip(levels.into_iter().map(|level| level.shown)).collect(),
            figures: figures.zip(&point.figures).collect(),
        };
        let record = serde_json::to_string(&record).map_err(|error| failed(error.into()))?;
        let separator = if point.point == 0 { "\n" } else { ",\n" };
        Ok(write!(out, "{separator}{record}").map_err(failed)?)
    })?;
    Ok(out.write_all(b"\n]\n}\n").map_err(failed)?)
}

/// The columns of the CSV, numbers as numbers: ranges of numbers by their number (times in
/// seconds), lists by their names.
pub(super) fn parquet(
    header: &Header,
    journals: &[Journal],
    path: &Path,
) -> Result<(), JournalError> {
    let failed = |error: ParquetError| WriteError::File {
        path: path.to_owned(),
        cause: std::io::Error::other(error),
    };
    let schema = schema(header).map_err(failed)?;
    let chooser = header.chooser();
    files::write_with(path, |out| {
        let properties = WriterProperties::builder()
            .set_created_by(format!("fusebox {}", header.fusebox))
            .build();
        let mut writer = SerializedFileWriter::new(out, Arc::new(schema), Arc::new(properties))
            .map_err(failed)?;
        let mut rows = Vec::new();
        in_order(journals, header.plan.points(), &mut |point| {
            rows.push(point);
            if rows.len() == ROW_GROUP {
                let mut group = writer.next_row_group().map_err(failed)?;
                write_group(header, &chooser, &rows, &mut group).map_err(failed)?;
                group.close().map_err(failed)?;
                rows.clear();
            }
            Ok(())
        })?;
        if !rows.is_empty() {
            let mut group = writer.next_row_group().map_err(failed)?;
            write_group(header, &chooser, &rows, &mut group).map_err(failed)?;
            group.close().map_err(failed)?;
        }
        writer.close().map_err(failed)?;
        Ok(())
    })
}

fn schema(header: &Header) -> Result<Type, ParquetError> {
    let field = |name: &str, physical: Physical, repetition: Repetition| {
        let builder = Type::primitive_type_builder(name, physical).with_repetition(repetition);
        let is_text = physical == Physical::BYTE_ARRAY;
        let builder =
            if is_text { builder.with_converted_type(ConvertedType::UTF8) } else { builder };
        builder.build().map(Arc::new)
    };
    let mut fields = vec![
        field("point", Physical::INT64, Repetition::REQUIRED)?,
        field("state", Physical::BYTE_ARRAY, Repetition::REQUIRED)?,
        field("replications", Physical::INT64, Repetition::REQUIRED)?,
    ];
    for parameter in &header.plan.parameters {
        let physical =
            if parameter.values.is_range() { Physical::DOUBLE } else { Physical::BYTE_ARRAY };
        fields.push(field(&parameter.path, physical, Repetition::REQUIRED)?);
    }
    for figure in &header.plan.figures {
        for name in [figure.text.clone(), format!("{} ±95%", figure.text)] {
            fields.push(field(&name, Physical::DOUBLE, Repetition::OPTIONAL)?);
        }
    }
    Type::group_type_builder("sweep").with_fields(fields).build()
}

type Group<'a, W> = SerializedRowGroupWriter<'a, W>;

fn write_group<W: Write + Send>(
    header: &Header,
    chooser: &Chooser,
    points: &[Point],
    group: &mut Group<'_, W>,
) -> Result<(), ParquetError> {
    let levels: Vec<Vec<Level>> = points.iter().map(|point| chooser.levels(point.point)).collect();
    integers(group, points.iter().map(|point| point.point as i64))?;
    texts(group, points.iter().map(|point| state(point).0.to_owned()))?;
    integers(group, points.iter().map(|point| i64::from(point.replications)))?;
    for (place, parameter) in header.plan.parameters.iter().enumerate() {
        if parameter.values.is_range() {
            numbers(group, levels.iter().map(|levels| Some(levels[place].number)), false)?;
        } else {
            texts(group, levels.iter().map(|levels| levels[place].shown.clone()))?;
        }
    }
    for place in 0..header.plan.figures.len() {
        numbers(group, points.iter().map(|point| Some(point.figures[place]?.mean)), true)?;
        numbers(group, points.iter().map(|point| point.figures[place]?.half_width), true)?;
    }
    Ok(())
}

fn column<W: Write + Send>(
    group: &mut Group<'_, W>,
    write: impl FnOnce(&mut SerializedColumnWriter<'_>) -> Result<usize, ParquetError>,
) -> Result<(), ParquetError> {
    let mut column = group
        .next_column()?
        .ok_or_else(|| ParquetError::General("more columns than the schema has".to_owned()))?;
    write(&mut column)?;
    column.close()
}

fn integers<W: Write + Send>(
    group: &mut Group<'_, W>,
    values: impl Iterator<Item = i64>,
) -> Result<(), ParquetError> {
    let values: Vec<i64> = values.collect();
    column(group, |column| column.typed::<Int64Type>().write_batch(&values, None, None))
}

fn texts<W: Write + Send>(
    group: &mut Group<'_, W>,
    values: impl Iterator<Item = String>,
) -> Result<(), ParquetError> {
    let values: Vec<ByteArray> = values.map(|value| ByteArray::from(value.into_bytes())).collect();
    column(group, |column| column.typed::<ByteArrayType>().write_batch(&values, None, None))
}

fn numbers<W: Write + Send>(
    group: &mut Group<'_, W>,
    values: impl Iterator<Item = Option<f64>>,
    is_optional: bool,
) -> Result<(), ParquetError> {
    let values: Vec<Option<f64>> = values.collect();
    let present: Vec<f64> = values.iter().flatten().copied().collect();
    let definitions: Vec<i16> = values.iter().map(|value| i16::from(value.is_some())).collect();
    let definitions = is_optional.then_some(definitions.as_slice());
    column(group, |column| column.typed::<DoubleType>().write_batch(&present, definitions, None))
}
