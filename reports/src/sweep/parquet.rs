//! The points of a sweep as Parquet: the columns of the CSV, numbers as numbers.

use std::io::Write;
use std::sync::Arc;

use parquet::basic::{ConvertedType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{
    SerializedColumnWriter, SerializedFileWriter, SerializedRowGroupWriter,
};
use parquet::schema::types::{Type, TypePtr};
use sim_experiments::sweep::{Chooser, Point};
use sim_models::study::Level;

use super::csv::error_column;
use super::journal::in_order;
use super::point::state;
use super::{Header, Journal};
use crate::files::WriteError;
use crate::journal::JournalError;

/// Rows that are held in memory and encoded together.
const ROW_GROUP: usize = 16_384;

/// Writes the points: settings that are ranges as numbers (times in seconds), lists by their names.
pub(super) fn write(
    header: &Header,
    journals: &[Journal],
    out: impl Write + Send,
) -> Result<(), JournalError> {
    let failed = |error: ParquetError| WriteError::File {
        path: "points.parquet".into(),
        cause: std::io::Error::other(error),
    };
    let chooser = header.chooser();
    let schema = Arc::new(schema(header).map_err(failed)?);
    let properties =
        WriterProperties::builder().set_created_by(format!("fusebox {}", header.fusebox)).build();
    let mut writer =
        SerializedFileWriter::new(out, schema, Arc::new(properties)).map_err(failed)?;
    let mut rows = Vec::new();
    in_order(journals, header.plan.points(), &mut |point| {
        rows.push(point);
        if rows.len() == ROW_GROUP {
            write_group(header, &chooser, &rows, &mut writer).map_err(failed)?;
            rows.clear();
        }
        Ok(())
    })?;
    if !rows.is_empty() {
        write_group(header, &chooser, &rows, &mut writer).map_err(failed)?;
    }
    writer.close().map_err(failed)?;
    Ok(())
}

fn schema(header: &Header) -> Result<Type, ParquetError> {
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
        for name in [figure.text.clone(), error_column(&figure.text)] {
            fields.push(field(&name, Physical::DOUBLE, Repetition::OPTIONAL)?);
        }
    }
    Type::group_type_builder("sweep").with_fields(fields).build()
}

fn field(name: &str, physical: Physical, repetition: Repetition) -> Result<TypePtr, ParquetError> {
    let builder = Type::primitive_type_builder(name, physical).with_repetition(repetition);
    let is_text = physical == Physical::BYTE_ARRAY;
    let builder = if is_text { builder.with_converted_type(ConvertedType::UTF8) } else { builder };
    builder.build().map(Arc::new)
}

type Group<'a, W> = SerializedRowGroupWriter<'a, W>;

fn write_group<W: Write + Send>(
    header: &Header,
    chooser: &Chooser,
    points: &[Point],
    writer: &mut SerializedFileWriter<W>,
) -> Result<(), ParquetError> {
    let mut group = writer.next_row_group()?;
    let levels: Vec<Vec<Level>> = points.iter().map(|point| chooser.levels(point.point)).collect();
    integers(&mut group, points.iter().map(|point| point.point as i64))?;
    texts(&mut group, points.iter().map(|point| state(point).0.to_owned()))?;
    integers(&mut group, points.iter().map(|point| i64::from(point.replications)))?;
    for (place, parameter) in header.plan.parameters.iter().enumerate() {
        if parameter.values.is_range() {
            let values = levels.iter().map(|levels| levels[place].number);
            required_numbers(&mut group, values)?;
        } else {
            texts(&mut group, levels.iter().map(|levels| levels[place].shown.clone()))?;
        }
    }
    for place in 0..header.plan.figures.len() {
        let figures = || points.iter().map(|point| point.figures[place]);
        optional_numbers(&mut group, figures().map(|figure| Some(figure?.mean)))?;
        optional_numbers(&mut group, figures().map(|figure| figure?.half_width))?;
    }
    group.close().map(|_| ())
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

fn required_numbers<W: Write + Send>(
    group: &mut Group<'_, W>,
    values: impl Iterator<Item = f64>,
) -> Result<(), ParquetError> {
    let values: Vec<f64> = values.collect();
    column(group, |column| column.typed::<DoubleType>().write_batch(&values, None, None))
}

fn optional_numbers<W: Write + Send>(
    group: &mut Group<'_, W>,
    values: impl Iterator<Item = Option<f64>>,
) -> Result<(), ParquetError> {
    let values: Vec<Option<f64>> = values.collect();
    let present: Vec<f64> = values.iter().flatten().copied().collect();
    let levels: Vec<i16> = values.iter().map(|value| i16::from(value.is_some())).collect();
    column(group, |column| column.typed::<DoubleType>().write_batch(&present, Some(&levels), None))
}
